-- The latest forecast of each series and scenario, day by day; the spend, totals and what is expected first. Money in
-- nano-dollars; NULL = not known.
SELECT
    series,
    unit,
    scenario,
    toString(run_id) AS run_id,
    toUnixTimestamp64Milli(made_at) AS made_at,
    toString(target_date) AS target_date,
    point, lo80, hi80, lo95, hi95,
    model,
    if(isNaN(backtest_mae), NULL, backtest_mae) AS mae,
    if(isNaN(backtest_mase), NULL, backtest_mase) AS mase,
    if(isNaN(backtest_wape), NULL, backtest_wape) AS wape,
    backtest_folds AS folds
FROM forecasts FINAL
WHERE (series, scenario, forecasts.run_id) IN
(
    SELECT series, scenario, argMax(run_id, made_at) FROM forecasts GROUP BY series, scenario
)
ORDER BY
    series NOT LIKE 'daily_spend%', position(series, ':') > 0, series,
    scenario != 'expected', scenario, forecasts.target_date
