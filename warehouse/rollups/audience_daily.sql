-- What was used where and on which devices on some days.
INSERT INTO rollup_audience_daily
SELECT
    toDate(ts, {zone:String}) AS day,
    tier,
    feature,
    country,
    device,
    {version:UInt64} AS version,
    count() AS requests,
    sum(request_events.cost) AS cost,
    uniqCombined64StateIf(14)(user_id, user_id != '') AS users
FROM request_events FINAL
WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64})
GROUP BY day, tier, feature, country, device
SETTINGS do_not_merge_across_partitions_select_final = 1
