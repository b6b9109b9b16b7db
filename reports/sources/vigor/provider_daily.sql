WITH (SELECT today FROM bi_overview) AS today
SELECT
    day, today - day AS days_ago, provider, answers, calls, success_rate, avg_ms, p50_ms, p95_ms, p99_ms, p50_ttft_ms,
    cost / 1e9 AS cost_usd, cost_per_request / 1e9 AS cost_per_answer_usd, ratings, satisfaction
FROM bi_performance_providers
WHERE day < today AND day >= today - 120
ORDER BY day, provider
