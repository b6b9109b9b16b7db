-- The last hour by minute, the minutes without requests included, the running one left out. Money in nano-dollars; NULL = nothing
-- to tell of. served: ok, cached, failed, aborted.
SELECT
    toUnixTimestamp(minute) * 1000 AS at,
    count() - 1 AS requests,
    countIf(result IN ('ok', 'cached', 'failed', 'aborted')) AS served,
    countIf(result = 'failed') AS failed,
    countIf(result = 'denied') AS denied,
    uniqExactIf(user_id, user_id != '') AS users,
    sum(cost) AS cost,
    if(countIf(result IN ('ok', 'cached')) = 0, NULL, quantileExactIf(0.5)(latency_ms, result IN ('ok', 'cached'))) AS p50_ms,
    if(countIf(result IN ('ok', 'cached')) = 0, NULL, quantileExactIf(0.95)(latency_ms, result IN ('ok', 'cached'))) AS p95_ms,
    countIf(source = 'simulated') AS simulated
FROM
(
    SELECT toStartOfMinute(ts) AS minute, result, user_id, cost, latency_ms, source
    FROM request_events FINAL
    WHERE ts >= toStartOfMinute(now()) - INTERVAL 60 MINUTE AND ts < toStartOfMinute(now())
    UNION ALL
    SELECT toStartOfMinute(now()) - toIntervalMinute(1 + number) AS minute, '' AS result, '' AS user_id, 0 AS cost, 0 AS latency_ms, '' AS source
    FROM numbers(60)
)
GROUP BY minute
ORDER BY minute
