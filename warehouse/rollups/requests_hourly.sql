-- Requests and money of some days, by hour, tier, provider, feature and source.
INSERT INTO rollup_requests_hourly
SELECT
    toDate(ts, {zone:String}) AS day,
    toStartOfHour(ts, {zone:String}) AS hour,
    tier,
    provider,
    feature,
    source,
    {version:UInt64} AS version,
    count() AS requests,
    countIf(outcome = 'ok') AS ok,
    countIf(outcome = 'cached') AS cached,
    countIf(result = 'denied') AS denied,
    countIf(result = 'failed') AS failed,
    countIf(outcome = 'aborted') AS aborted,
    countIf(outcome = 'orphaned') AS orphaned,
    sum(request_events.input_tokens) AS input_tokens,
    sum(request_events.cached_input_tokens) AS cached_input_tokens,
    sum(request_events.output_tokens + reasoning_tokens) AS output_tokens,
    countIf(request_events.input_tokens + request_events.cached_input_tokens + request_events.output_tokens + reasoning_tokens > 0) AS called,
    sum(request_events.cost) AS cost,
    sum(request_events.cache_saved) AS cache_saved,
    sum(toFloat64(request_events.cache_saved_ms)) AS cache_saved_ms
FROM request_events FINAL
WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64})
GROUP BY day, hour, tier, provider, feature, source
SETTINGS do_not_merge_across_partitions_select_final = 1
