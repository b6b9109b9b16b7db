-- What routing and cache saved, against every request on the tier's dearest provider without a cache.
WITH (SELECT today FROM bi_overview) AS today
SELECT
    day, today - day AS days_ago, sum(cost) / 1e9 AS cost_usd, sum(baseline) / 1e9 AS baseline_usd,
    (toInt64(sum(baseline)) - toInt64(sum(cost))) / 1e9 AS saved_usd
FROM bi_baseline_daily
WHERE day < today AND day >= today - 120
GROUP BY day
ORDER BY day
