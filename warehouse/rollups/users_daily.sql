-- Who was active on some days. Requests that name no user are nobody's.
INSERT INTO rollup_users_daily
SELECT
    toDate(ts, {zone:String}) AS day,
    user_id,
    tier,
    {version:UInt64} AS version,
    count() AS requests,
    sum(request_events.cost) AS cost
FROM request_events FINAL
WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64}) AND user_id != ''
GROUP BY day, user_id, tier
SETTINGS do_not_merge_across_partitions_select_final = 1
