WITH (SELECT today FROM bi_overview) AS today, (SELECT timezone FROM bi_overview) AS zone
SELECT toDayOfWeek(day) AS weekday, toHour(hour, zone) AS hour_of_day, sum(requests) / 4 AS requests, sum(cost) / 4e9 AS cost_usd
FROM bi_spend_hourly
WHERE day < today AND day >= today - 28
GROUP BY weekday, hour_of_day
ORDER BY weekday, hour_of_day
