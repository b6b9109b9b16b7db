-- One row per request. A request may arrive more than once (a replay, an append that was tried again): rows collapse
-- by event_id, so read the table with FINAL. What stands before event_id in the sorting key never differs between
-- two rows of one request, not even between an orphaned one and its real twin.
-- Counts are 64 bits wide because ClickHouse cuts a JSON number that is too wide for its column without an error.

CREATE TABLE IF NOT EXISTS request_events
(
    event_id UUID COMMENT 'UUIDv7; equal for every copy of one event',
    request_id UUID COMMENT 'what the app got as x-vigor-request-id',
    ts DateTime64(3, 'UTC') COMMENT 'when the request came in; JSON: milliseconds since the epoch' CODEC(DoubleDelta, ZSTD(1)),
    app_id LowCardinality(String) COMMENT 'empty: refused before the key was known',
    user_id String COMMENT 'the end user; empty: none was named' CODEC(ZSTD(1)),
    tier LowCardinality(String) COMMENT 'at the time of the request; empty: not known',
    feature LowCardinality(String) COMMENT 'empty: none',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty: not known',
    device LowCardinality(String) COMMENT 'empty: not known',
    controls_version LowCardinality(String) COMMENT 'of the catalog and directives in force',
    requested_model LowCardinality(String) COMMENT 'auto or a provider',
    provider LowCardinality(String) COMMENT 'the last one called; empty: none was (denied, cached without a call)',
    model LowCardinality(String) COMMENT 'the upstream model; empty: none',
    route_reason LowCardinality(String) COMMENT 'why this provider; empty: none was chosen',
    attempts Array(Tuple(provider LowCardinality(String), outcome LowCardinality(String), ms Float32)) COMMENT 'calls in order, ms = milliseconds; empty: no provider was called',
    outcome LowCardinality(String) COMMENT 'ok, cached, denied, failed, aborted, orphaned',
    denial_reason LowCardinality(String) COMMENT 'error code of a denied or failed request; empty: neither',
    http_status UInt16 COMMENT 'as answered; 0: no answer was sent',
    stream Bool COMMENT 'answered as server-sent events',
    latency_ms Float32 COMMENT 'milliseconds from the request to the end of the answer' CODEC(ZSTD(1)),
    ttft_ms Float32 COMMENT 'milliseconds to the first token of a stream; 0: not a stream' CODEC(ZSTD(1)),
    provider_ms Float32 COMMENT 'milliseconds waiting for providers, all attempts' CODEC(ZSTD(1)),
    overhead_us UInt64 COMMENT 'microseconds of the gateway itself' CODEC(ZSTD(1)),
    input_tokens UInt64 COMMENT 'tokens, without cached ones' CODEC(ZSTD(1)),
    cached_input_tokens UInt64 COMMENT 'tokens that the provider read from its cache' CODEC(ZSTD(1)),
    output_tokens UInt64 COMMENT 'tokens, without reasoning' CODEC(ZSTD(1)),
    reasoning_tokens UInt64 COMMENT 'tokens, priced as output' CODEC(ZSTD(1)),
    cost UInt64 DEFAULT 18446744073709551615 COMMENT 'nano-dollars; the default breaks a constraint, so that a missing cost is never 0' CODEC(ZSTD(1)),
    cache_saved UInt64 COMMENT 'nano-dollars that a cached answer avoided' CODEC(ZSTD(1)),
    source LowCardinality(String) COMMENT 'live or simulated',
    log_partition LowCardinality(String) COMMENT 'where in the log it was read',
    log_offset UInt64 COMMENT 'offset in its partition' CODEC(Delta, ZSTD(1)),
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when it came into the warehouse' CODEC(DoubleDelta, ZSTD(1)),
    certainty UInt8 MATERIALIZED outcome != 'orphaned' COMMENT '0: orphaned, loses against any other row of the same event',
    INDEX log_offset_range log_offset TYPE minmax,
    INDEX log_partition_set log_partition TYPE set(64),
    CONSTRAINT has_ids CHECK event_id != toUUID('00000000-0000-0000-0000-000000000000') AND request_id != toUUID('00000000-0000-0000-0000-000000000000'),
    CONSTRAINT has_time CHECK toUnixTimestamp64Milli(ts) > 0,
    CONSTRAINT has_outcome CHECK outcome IN ('ok', 'cached', 'denied', 'failed', 'aborted', 'orphaned'),
    CONSTRAINT has_cost CHECK cost <= 9007199254740991 AND cache_saved <= 9007199254740991,
    CONSTRAINT has_source CHECK source IN ('live', 'simulated'),
    CONSTRAINT has_origin CHECK log_partition != ''
)
ENGINE = ReplacingMergeTree(certainty)
PARTITION BY toYYYYMM(ts)
ORDER BY (toStartOfHour(ts), tier, ts, event_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'one row per request, whatever became of it';
