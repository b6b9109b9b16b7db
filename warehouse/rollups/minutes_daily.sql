-- In how many minutes of some days the product was up: at least 95 % of the served requests (ok, cached, failed, aborted)
-- did not fail.
INSERT INTO rollup_minutes_daily
SELECT
    day,
    {version:UInt64} AS version,
    countIf(served > 0) AS minutes,
    countIf(served > 0 AND failed <= 0.05 * served) AS minutes_up,
    max(requests) AS peak_requests
FROM
(
    SELECT
        toDate(ts, {zone:String}) AS day,
        toStartOfMinute(ts) AS minute,
        count() AS requests,
        countIf(result IN ('ok', 'cached', 'failed', 'aborted')) AS served,
        countIf(result = 'failed') AS failed
    FROM request_events FINAL
    WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64})
    GROUP BY day, minute
)
GROUP BY day
SETTINGS do_not_merge_across_partitions_select_final = 1
