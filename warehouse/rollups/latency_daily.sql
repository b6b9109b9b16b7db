-- How long the answers of some days took, as sums and sketches.
INSERT INTO rollup_latency_daily
SELECT
    toDate(ts, {zone:String}) AS day,
    tier,
    provider,
    feature,
    outcome = 'cached' AS cached,
    {version:UInt64} AS version,
    count() AS answers,
    sum(toFloat64(latency_ms)) AS latency_sum,
    max(latency_ms) AS latency_max,
    quantilesTDigestState(0.5, 0.95, 0.99)(latency_ms) AS latency,
    countIf(stream AND ttft_ms > 0) AS streams,
    sumIf(toFloat64(ttft_ms), stream AND ttft_ms > 0) AS ttft_sum,
    quantilesTDigestStateIf(0.5, 0.95, 0.99)(ttft_ms, stream AND ttft_ms > 0) AS ttft
FROM request_events FINAL
WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64})
    AND outcome IN ('ok', 'cached')
GROUP BY day, tier, provider, feature, cached
SETTINGS do_not_merge_across_partitions_select_final = 1
