-- Events and money of some days by hour and partition of the log.
INSERT INTO rollup_partitions_daily
SELECT
    toDate(ts, {zone:String}) AS day,
    toStartOfHour(ts, {zone:String}) AS hour,
    log_partition,
    {version:UInt64} AS version,
    count() AS events,
    sum(request_events.cost) AS cost
FROM request_events FINAL
WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64})
GROUP BY day, hour, log_partition
SETTINGS do_not_merge_across_partitions_select_final = 1
