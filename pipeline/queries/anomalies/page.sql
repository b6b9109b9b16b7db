-- Anomalies, the latest first.
SELECT
    toUnixTimestamp64Milli(from_ts) AS from_ms, toUnixTimestamp64Milli(to_ts) AS to_ms, grain, metric, part, is_open,
    actual, expected, score, causes, message, toUnixTimestamp64Milli(found_at) AS found_at
FROM anomalies FINAL
WHERE from_ts < fromUnixTimestamp64Milli({before:Int64}) AND ({metric:String} = '' OR metric = {metric:String})
    AND ({open:String} = '' OR is_open = ({open:String} = 'true'))
ORDER BY from_ts DESC, grain, metric, part
LIMIT {limit:UInt32}
