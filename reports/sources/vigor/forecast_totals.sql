-- The totals of the next 7, 30 and 90 days; NULL while fewer days are forecast.
SELECT
    scenario,
    if(countIf(horizon_days <= 7) < 7, NULL, sumIf(point, horizon_days <= 7) / 1e9) AS week_usd,
    if(countIf(horizon_days <= 30) < 30, NULL, sumIf(point, horizon_days <= 30) / 1e9) AS month_usd,
    if(countIf(horizon_days <= 90) < 90, NULL, sumIf(point, horizon_days <= 90) / 1e9) AS quarter_usd,
    any(wape) AS backtest_wape,
    any(coverage80) AS backtest_coverage80,
    max(made_at) AS made_at
FROM bi_forecasts
WHERE measure = 'daily_spend' AND dimension = '' AND horizon_days > 0
GROUP BY scenario
ORDER BY indexOf(['expected', 'conservative', 'optimistic', 'pessimistic'], scenario)
