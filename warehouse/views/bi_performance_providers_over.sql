-- How each provider did, from a day to a day (both included), by grain: day, week (its Monday), month (its first) or total (from).
-- answers: requests that it answered; *_ms: milliseconds from request to end of the answer, percentiles within 2 %; *_ttft_ms: to the
-- first token, streams only; calls: all calls of it; success_rate: answered calls / calls, without those that the app gave
-- up or asked wrongly, NULL without any; cost: nano-dollars; cost_per_request: nano-dollars an answered request; satisfaction:
-- mean rating from 1 to 5, NULL under 5 ratings.
SELECT
    period, provider,
    answered.answers AS answers,
    answered.avg_ms AS avg_ms, answered.ms[1] AS p50_ms, answered.ms[2] AS p95_ms, answered.ms[3] AS p99_ms,
    answered.avg_ttft_ms AS avg_ttft_ms, answered.ttft_ms[1] AS p50_ttft_ms, answered.ttft_ms[2] AS p95_ttft_ms,
    called.calls AS calls, called.ok_calls AS ok_calls, called.success_rate AS success_rate,
    billed.cost AS cost,
    if(answered.answers = 0, NULL, billed.cost / answered.answers) AS cost_per_request,
    rated.ratings AS ratings,
    if(rated.ratings < 5, NULL, rated.rating_sum / rated.ratings) AS satisfaction
FROM
(
    SELECT multiIf({grain:String} = 'week', toMonday(day), {grain:String} = 'month', toStartOfMonth(day), {grain:String} = 'total', {from:Date}, day) AS period, provider,
        sum(calls_by_day.calls) AS calls, sum(ok) AS ok_calls,
        if(sum(calls_by_day.calls - aborted - rejected) = 0, NULL, sum(ok) / sum(calls_by_day.calls - aborted - rejected)) AS success_rate
    FROM calls_by_day WHERE day BETWEEN {from:Date} AND {to:Date} GROUP BY period, provider
) AS called
LEFT JOIN
(
    SELECT multiIf({grain:String} = 'week', toMonday(day), {grain:String} = 'month', toStartOfMonth(day), {grain:String} = 'total', {from:Date}, day) AS period, provider,
        sum(latency_by_day.answers) AS answers,
        sum(latency_sum) / sum(latency_by_day.answers) AS avg_ms,
        quantilesTDigestMerge(0.5, 0.95, 0.99)(latency) AS ms,
        if(sum(streams) = 0, NULL, sum(ttft_sum) / sum(streams)) AS avg_ttft_ms,
        quantilesTDigestMerge(0.5, 0.95, 0.99)(ttft) AS ttft_ms
    FROM latency_by_day WHERE day BETWEEN {from:Date} AND {to:Date} AND provider != '' AND NOT cached GROUP BY period, provider
) AS answered USING (period, provider)
LEFT JOIN
(
    SELECT multiIf({grain:String} = 'week', toMonday(day), {grain:String} = 'month', toStartOfMonth(day), {grain:String} = 'total', {from:Date}, day) AS period, provider, sum(requests_by_hour.cost) AS cost
    FROM requests_by_hour WHERE day BETWEEN {from:Date} AND {to:Date} AND provider != '' GROUP BY period, provider
) AS billed USING (period, provider)
LEFT JOIN
(
    SELECT multiIf({grain:String} = 'week', toMonday(day), {grain:String} = 'month', toStartOfMonth(day), {grain:String} = 'total', {from:Date}, day) AS period, provider, sum(ratings_by_day.ratings) AS ratings, sum(ratings_by_day.rating_sum) AS rating_sum
    FROM ratings_by_day WHERE day BETWEEN {from:Date} AND {to:Date} AND provider != '' GROUP BY period, provider
) AS rated USING (period, provider)
ORDER BY period, provider
