-- Days that were forecast on the day itself.
SELECT DISTINCT toString(target_date) AS day FROM forecasts WHERE series = 'daily_spend' AND horizon_days = 1
