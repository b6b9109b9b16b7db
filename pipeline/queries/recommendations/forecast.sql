-- The latest forecast of the daily spend, day by day. Nano-dollars.
SELECT toString(target_date) AS day, horizon_days AS step, point, lo80, hi80, lo95, hi95
FROM forecasts FINAL
WHERE series = 'daily_spend' AND scenario = 'expected'
    AND run_id = (SELECT argMax(run_id, made_at) FROM forecasts WHERE series = 'daily_spend' AND scenario = 'expected')
ORDER BY step
