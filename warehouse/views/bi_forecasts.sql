-- The newest forecast of each series and scenario, day by day. measure: daily_spend, daily_requests, daily_active_users or rest_of_day_spend;
-- dimension, part: '' for the total, else what it is a part of (provider, tier, feature) and which one; point, lo80 ... hi95: in unit
-- (nano-usd, requests, users); scenario: expected, conservative, optimistic, pessimistic; wape: backtest's sum of errors / sum of actuals
-- and coverage80: share of actuals in the 80 % interval, NULL without a backtest.
SELECT
    splitByChar(':', series)[1] AS measure,
    if(position(series, ':') = 0, '', splitByChar('=', splitByChar(':', series)[2])[1]) AS dimension,
    if(position(series, '=') = 0, '', substring(series, position(series, '=') + 1)) AS part,
    unit, scenario,
    target_date AS day, horizon_days,
    point, lo80, hi80, lo95, hi95,
    made_at, model,
    if(isNaN(backtest_wape), NULL, backtest_wape) AS wape,
    if(isNaN(backtest_coverage80), NULL, backtest_coverage80) AS coverage80,
    backtest_folds AS folds
FROM forecasts FINAL
WHERE (series, scenario, forecasts.run_id) IN (SELECT series, scenario, argMax(run_id, made_at) FROM forecasts GROUP BY series, scenario)
ORDER BY measure, dimension, part, scenario, day
