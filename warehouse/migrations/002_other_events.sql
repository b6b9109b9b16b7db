-- The low-volume topics of the log, one table each. Rows collapse as in request_events: read with FINAL.

CREATE TABLE IF NOT EXISTS feedback_events
(
    event_id UUID COMMENT 'UUIDv7',
    request_id UUID COMMENT 'the request that was rated',
    user_id String COMMENT 'who rated it',
    ts DateTime64(3, 'UTC') COMMENT 'JSON: milliseconds since the epoch',
    rating UInt8 COMMENT '1 (poor) to 5',
    comment String COMMENT 'empty: none',
    source LowCardinality(String) COMMENT 'live or simulated',
    log_partition LowCardinality(String) COMMENT 'where in the log it was read',
    log_offset UInt64 COMMENT 'offset in its partition',
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when it came into the warehouse',
    INDEX log_offset_range log_offset TYPE minmax,
    CONSTRAINT has_ids CHECK event_id != toUUID('00000000-0000-0000-0000-000000000000') AND request_id != toUUID('00000000-0000-0000-0000-000000000000'),
    CONSTRAINT has_time CHECK toUnixTimestamp64Milli(ts) > 0,
    CONSTRAINT has_rating CHECK rating BETWEEN 1 AND 5,
    CONSTRAINT has_origin CHECK log_partition != ''
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (toStartOfHour(ts), ts, event_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'ratings of answers';

CREATE TABLE IF NOT EXISTS user_events
(
    event_id UUID COMMENT 'UUIDv7',
    user_id String COMMENT 'the end user',
    ts DateTime64(3, 'UTC') COMMENT 'JSON: milliseconds since the epoch',
    type LowCardinality(String) COMMENT 'seen (met by a gateway), set (by somebody), erased',
    tier LowCardinality(String) COMMENT 'empty: erased',
    actor String COMMENT 'who did it; empty: the gateway (seen)',
    log_partition LowCardinality(String) COMMENT 'where in the log it was read',
    log_offset UInt64 COMMENT 'offset in its partition',
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when it came into the warehouse',
    INDEX log_offset_range log_offset TYPE minmax,
    CONSTRAINT has_ids CHECK event_id != toUUID('00000000-0000-0000-0000-000000000000') AND user_id != '',
    CONSTRAINT has_time CHECK toUnixTimestamp64Milli(ts) > 0,
    CONSTRAINT has_type CHECK type IN ('seen', 'set', 'erased'),
    CONSTRAINT has_origin CHECK log_partition != ''
)
ENGINE = ReplacingMergeTree
ORDER BY (user_id, ts, event_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'the life of end users';

CREATE TABLE IF NOT EXISTS cost_events
(
    event_id UUID COMMENT 'UUIDv7',
    ts DateTime64(3, 'UTC') COMMENT 'when it was entered; JSON: milliseconds since the epoch',
    kind LowCardinality(String) COMMENT 'infrastructure, support or invoice',
    provider LowCardinality(String) COMMENT 'of an invoice; empty: not an invoice',
    amount Int64 DEFAULT 9223372036854775807 COMMENT 'nano-dollars, negative for a credit; the default breaks a constraint, so that a missing amount is never 0',
    from_date Date COMMENT 'first day that it covers',
    to_date Date COMMENT 'last day that it covers',
    note String COMMENT 'empty: none',
    log_partition LowCardinality(String) COMMENT 'where in the log it was read',
    log_offset UInt64 COMMENT 'offset in its partition',
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when it came into the warehouse',
    INDEX log_offset_range log_offset TYPE minmax,
    CONSTRAINT has_ids CHECK event_id != toUUID('00000000-0000-0000-0000-000000000000'),
    CONSTRAINT has_time CHECK toUnixTimestamp64Milli(ts) > 0,
    CONSTRAINT has_amount CHECK abs(amount) <= 9007199254740991,
    CONSTRAINT has_days CHECK from_date > toDate(0) AND from_date <= to_date,
    CONSTRAINT has_origin CHECK log_partition != ''
)
ENGINE = ReplacingMergeTree
ORDER BY (kind, ts, event_id)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'costs that no request carries';

CREATE TABLE IF NOT EXISTS directive_events
(
    directive_id UUID COMMENT 'UUIDv7',
    type LowCardinality(String) COMMENT 'issued or revoked',
    ts DateTime64(3, 'UTC') COMMENT 'when it was issued or revoked; JSON: milliseconds since the epoch',
    kind LowCardinality(String) COMMENT 'of the instruction; empty: revoked',
    params String COMMENT 'JSON of the instruction; empty: revoked',
    actor_type LowCardinality(String) COMMENT 'admin, rule or safeguard',
    actor String COMMENT 'who issued or revoked it',
    reason String COMMENT 'why',
    decision_id UUID COMMENT 'the decision behind it; zeros: a person, or revoked',
    expires_at DateTime64(3, 'UTC') COMMENT 'when it ends by itself; 1970: revoked',
    event String COMMENT 'the whole event as JSON',
    log_partition LowCardinality(String) COMMENT 'where in the log it was read',
    log_offset UInt64 COMMENT 'offset in its partition',
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when it came into the warehouse',
    INDEX log_offset_range log_offset TYPE minmax,
    CONSTRAINT has_ids CHECK directive_id != toUUID('00000000-0000-0000-0000-000000000000'),
    CONSTRAINT has_time CHECK toUnixTimestamp64Milli(ts) > 0,
    CONSTRAINT has_type CHECK type IN ('issued', 'revoked'),
    CONSTRAINT has_origin CHECK log_partition != ''
)
ENGINE = ReplacingMergeTree
ORDER BY (directive_id, type)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'instructions to the gateways, given and taken back';
