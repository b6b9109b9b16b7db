-- What is watched of each hour with requests. hour: seconds since the epoch; log_latency, log_cost: sums of natural logarithms of
-- milliseconds and nano-dollars, over the answers of a provider and those of them that cost something.
SELECT
    toUnixTimestamp(toStartOfHour(ts)) AS hour,
    count() AS requests,
    sum(cost) AS spend,
    countIf(result IN ('ok', 'cached', 'failed', 'aborted')) AS served,
    countIf(result = 'failed') AS failed,
    countIf(outcome = 'ok') AS answers,
    sumIf(log(greatest(toFloat64(latency_ms), 1)), outcome = 'ok') AS log_latency,
    countIf(outcome = 'ok' AND request_events.cost > 0) AS billed,
    sumIf(log(greatest(request_events.cost, 1)), outcome = 'ok') AS log_cost
FROM request_events FINAL
WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64})
GROUP BY hour
ORDER BY hour
SETTINGS do_not_merge_across_partitions_select_final = 1
