-- Who did what at the control API, and when. Rows collapse as in request_events: read with FINAL.

CREATE TABLE IF NOT EXISTS admin_actions
(
    action_id UUID COMMENT 'UUIDv7',
    ts DateTime64(3, 'UTC') COMMENT 'when it was answered; JSON: milliseconds since the epoch',
    role LowCardinality(String) COMMENT 'admin, viewer; nobody: a sign-in that failed',
    via LowCardinality(String) COMMENT 'panel (signed in) or token (came with the call)',
    session String COMMENT 'names one session of the panel; empty: none',
    address String COMMENT 'network address that the call came from',
    action LowCardinality(String) COMMENT 'in words: what the call is for',
    method LowCardinality(String) COMMENT 'HTTP method',
    path LowCardinality(String) COMMENT 'with :id for what subject holds',
    subject String COMMENT 'id of the user, directive, alert or key; empty: none',
    details String COMMENT 'JSON of what was sent; empty: nothing',
    status UInt16 COMMENT 'HTTP status of the answer',
    error LowCardinality(String) COMMENT 'code of the refusal; empty: it was done',
    log_partition LowCardinality(String) COMMENT 'where in the log it was read',
    log_offset UInt64 COMMENT 'offset in its partition',
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when it came into the warehouse',
    INDEX log_offset_range log_offset TYPE minmax,
    CONSTRAINT has_ids CHECK action_id != toUUID('00000000-0000-0000-0000-000000000000'),
    CONSTRAINT has_time CHECK toUnixTimestamp64Milli(ts) > 0,
    CONSTRAINT has_origin CHECK log_partition != ''
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (ts, action_id)
TTL toDateTime(ts) + INTERVAL 1095 DAY
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'audit: what people did at the control API';
