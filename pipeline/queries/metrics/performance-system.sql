SELECT toString(period) AS period, requests, served, failed, denied, error_rate AS errorRate, minutes, uptime,
    peak_requests_per_minute AS peakRequestsPerMinute, answers, avg_ms AS avgMs, p50_ms AS p50Ms, p95_ms AS p95Ms, p99_ms AS p99Ms,
    peak_ms AS peakMs, cost, cost_per_request AS costPerRequest, ratings, satisfaction
FROM bi_performance_system_over(from = {from:Date}, to = {to:Date}, grain = {grain:String})
ORDER BY period
