-- How the product did, from a day to a day (both included), by grain: day, week, month or total. requests: all; served: ok, cached,
-- failed, aborted; denied: what a client asked wrongly (4xx), too; error_rate: failed / served; minutes: minutes with served requests; uptime: share of them in which at least 95 % of
-- the served requests did not fail; *_ms: milliseconds of answers, cached ones included, percentiles within 2 %; peak_ms: the
-- slowest answer; peak_requests_per_minute: count; satisfaction: mean rating, NULL under 5. Rates are NULL without anything to rate.
SELECT
    period,
    asked.requests AS requests, asked.served AS served, asked.failed AS failed, asked.denied AS denied,
    if(asked.served = 0, NULL, asked.failed / asked.served) AS error_rate,
    watched.minutes AS minutes,
    if(watched.minutes = 0, NULL, watched.minutes_up / watched.minutes) AS uptime,
    watched.peak_requests AS peak_requests_per_minute,
    answered.answers AS answers,
    answered.avg_ms AS avg_ms, answered.ms[1] AS p50_ms, answered.ms[2] AS p95_ms, answered.ms[3] AS p99_ms,
    answered.peak_ms AS peak_ms,
    asked.cost AS cost,
    if(answered.answers = 0, NULL, asked.cost / answered.answers) AS cost_per_request,
    rated.ratings AS ratings,
    if(rated.ratings < 5, NULL, rated.rating_sum / rated.ratings) AS satisfaction
FROM
(
    SELECT multiIf({grain:String} = 'week', toMonday(day), {grain:String} = 'month', toStartOfMonth(day), {grain:String} = 'total', {from:Date}, day) AS period,
        sum(requests_by_hour.requests) AS requests,
        sum(ok + cached + requests_by_hour.failed + aborted) AS served,
        sum(requests_by_hour.failed) AS failed, sum(requests_by_hour.denied) AS denied, sum(requests_by_hour.cost) AS cost
    FROM requests_by_hour WHERE day BETWEEN {from:Date} AND {to:Date} GROUP BY period
) AS asked
LEFT JOIN
(
    SELECT multiIf({grain:String} = 'week', toMonday(day), {grain:String} = 'month', toStartOfMonth(day), {grain:String} = 'total', {from:Date}, day) AS period, sum(minutes_by_day.minutes) AS minutes, sum(minutes_by_day.minutes_up) AS minutes_up,
        max(minutes_by_day.peak_requests) AS peak_requests
    FROM minutes_by_day WHERE day BETWEEN {from:Date} AND {to:Date} GROUP BY period
) AS watched USING (period)
LEFT JOIN
(
    SELECT multiIf({grain:String} = 'week', toMonday(day), {grain:String} = 'month', toStartOfMonth(day), {grain:String} = 'total', {from:Date}, day) AS period,
        sum(latency_by_day.answers) AS answers,
        sum(latency_sum) / sum(latency_by_day.answers) AS avg_ms,
        quantilesTDigestMerge(0.5, 0.95, 0.99)(latency) AS ms,
        max(latency_max) AS peak_ms
    FROM latency_by_day WHERE day BETWEEN {from:Date} AND {to:Date} GROUP BY period
) AS answered USING (period)
LEFT JOIN
(
    SELECT multiIf({grain:String} = 'week', toMonday(day), {grain:String} = 'month', toStartOfMonth(day), {grain:String} = 'total', {from:Date}, day) AS period, sum(ratings_by_day.ratings) AS ratings, sum(ratings_by_day.rating_sum) AS rating_sum
    FROM ratings_by_day WHERE day BETWEEN {from:Date} AND {to:Date} GROUP BY period
) AS rated USING (period)
ORDER BY period
