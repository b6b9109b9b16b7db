SELECT toString(period) AS period, provider, answers, avg_ms AS avgMs, p50_ms AS p50Ms, p95_ms AS p95Ms, p99_ms AS p99Ms,
    avg_ttft_ms AS avgTtftMs, nullIf(p50_ttft_ms, nan) AS p50TtftMs, nullIf(p95_ttft_ms, nan) AS p95TtftMs, calls, ok_calls AS okCalls,
    success_rate AS successRate, cost, cost_per_request AS costPerRequest, ratings, satisfaction
FROM bi_performance_providers_over(from = {from:Date}, to = {to:Date}, grain = {grain:String})
ORDER BY period, provider
