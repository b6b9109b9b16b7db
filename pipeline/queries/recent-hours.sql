-- The last two days by hour, with the hours that cost nothing left out. Money in nano-dollars.
SELECT
    toUnixTimestamp(hour) * 1000 AS at,
    sum(requests) AS requests,
    sum(cost) AS cost
FROM bi_spend_hourly
WHERE day >= today() - 3 AND hour >= now() - INTERVAL 48 HOUR
GROUP BY hour
ORDER BY hour
