WITH (SELECT today FROM bi_overview) AS today
SELECT day, feature, cacheable, hits, hit_rate, saved / 1e9 AS saved_usd, improvement_ms
FROM bi_cache
WHERE day < today AND day >= today - 120
ORDER BY day, feature
