SELECT
    day, horizon_days,
    forecast / 1e9 AS forecast_usd, lo80 / 1e9 AS lo80_usd, hi80 / 1e9 AS hi80_usd, actual / 1e9 AS actual_usd,
    inside80
FROM bi_forecast_accuracy
WHERE measure = 'daily_spend'
ORDER BY horizon_days, day
