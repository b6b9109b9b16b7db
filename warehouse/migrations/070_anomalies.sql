-- What was not as expected, and what explains it.

CREATE TABLE IF NOT EXISTS anomalies
(
    from_ts DateTime64(3, 'UTC') COMMENT 'when its first hour or day begins; JSON: milliseconds since the epoch',
    to_ts DateTime64(3, 'UTC') COMMENT 'when its last hour or day ends, as far as is known',
    grain LowCardinality(String) COMMENT 'hour or day',
    metric LowCardinality(String) COMMENT 'spend, request-cost, requests, active-users, new-users, error-rate, latency or rating',
    part LowCardinality(String) COMMENT 'such as provider=gpt-4o; empty: everything',
    is_open Bool COMMENT 'it goes on',
    actual Float64 COMMENT 'of the hour or day that gave the alert; nano-dollars, counts, shares, milliseconds or ratings, by metric',
    expected Float64 COMMENT 'in the same unit',
    score Float64 COMMENT '0.5 to 1: how unusual',
    causes String COMMENT 'JSON array, the best explanation first: name, explained (share of the difference), ratio',
    message String COMMENT 'one sentence for people',
    found_at DateTime64(3, 'UTC') COMMENT 'when it was first seen',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'the newest row of an anomaly holds'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY (from_ts, grain, metric, part)
TTL toDateTime(from_ts) + INTERVAL 400 DAY
COMMENT 'anomalies that the detectors found; read with FINAL';
