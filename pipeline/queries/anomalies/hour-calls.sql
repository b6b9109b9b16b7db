-- The calls of each provider in each hour. hour: seconds since the epoch; judged: all but those that the app gave up or asked
-- wrongly; log_ms: sum of natural logarithms of the milliseconds of answered calls.
SELECT
    toUnixTimestamp(toStartOfHour(ts)) AS hour,
    call.provider AS provider,
    countIf(call.outcome NOT IN ('aborted', 'rejected')) AS judged,
    countIf(call.outcome = 'ok') AS answered,
    sumIf(log(greatest(toFloat64(call.ms), 1)), call.outcome = 'ok') AS log_ms
FROM request_events FINAL
ARRAY JOIN attempts AS call
WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64})
GROUP BY hour, provider
ORDER BY hour, provider
SETTINGS do_not_merge_across_partitions_select_final = 1
