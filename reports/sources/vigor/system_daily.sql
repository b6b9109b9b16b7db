WITH (SELECT today FROM bi_overview) AS today
SELECT day, requests, served, failed, denied, error_rate, uptime, avg_ms, p50_ms, p95_ms, p99_ms, satisfaction
FROM bi_performance_system
WHERE day < today AND day >= today - 400
ORDER BY day
