-- The calls of providers on some days.
INSERT INTO rollup_calls_daily
SELECT
    toDate(ts, {zone:String}) AS day,
    call.provider AS provider,
    {version:UInt64} AS version,
    count() AS calls,
    countIf(call.outcome = 'ok') AS ok,
    countIf(call.outcome = 'aborted') AS aborted,
    countIf(call.outcome = 'rejected') AS rejected,
    sumIf(toFloat64(call.ms), call.outcome = 'ok') AS ms_sum
FROM request_events FINAL
ARRAY JOIN attempts AS call
WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64})
GROUP BY day, provider
SETTINGS do_not_merge_across_partitions_select_final = 1
