-- Anomalies that began since a time, as they were written last.
SELECT
    toUnixTimestamp64Milli(from_ts) AS fromMs, toUnixTimestamp64Milli(to_ts) AS toMs, grain, metric, part, is_open AS isOpen,
    actual, expected, score, causes, message, toUnixTimestamp64Milli(found_at) AS foundAtMs
FROM anomalies FINAL
WHERE from_ts >= fromUnixTimestamp64Milli({from:Int64})
ORDER BY from_ts, grain, metric, part
