-- The story of each decision, entry by entry, each with the hash of the one before: a history that was changed shows.

CREATE TABLE IF NOT EXISTS decision_chain
(
    seq UInt64 COMMENT 'place in the chain, from 1',
    ts DateTime64(3, 'UTC') COMMENT 'when it was written; JSON: milliseconds since the epoch',
    decision_id UUID COMMENT 'of the table decisions',
    stage LowCardinality(String) COMMENT 'decided, approved, rejected, unissued, verified',
    document String COMMENT 'JSON: all that was known then: rule, inputs, simulated effect, guard rails, directive, measured effect',
    previous_hash FixedString(64) COMMENT 'hash of the entry before; zeros for the first',
    hash FixedString(64) COMMENT 'SHA-256, hexadecimal, of seq, ts, decision_id, stage, document and previous_hash, a line each'
)
ENGINE = MergeTree
ORDER BY seq
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'hash-linked history of decisions; never changed';

CREATE TABLE IF NOT EXISTS recommendations
(
    run_id UUID COMMENT 'one run of the forecast job',
    made_at DateTime64(3, 'UTC') COMMENT 'when; JSON: milliseconds since the epoch',
    kind LowCardinality(String) COMMENT 'budget, provider or tier',
    subject String COMMENT 'what it is about: daily-budget, a feature, a tier',
    advice String COMMENT 'one sentence for people',
    confidence Float64 COMMENT '0 to 1',
    saved_in_30_days Nullable(Int64) COMMENT 'nano-dollars; above 0 = saved; NULL: it is not about saving',
    evidence String COMMENT 'JSON: the numbers that led to it; money in nano-dollars'
)
ENGINE = ReplacingMergeTree
ORDER BY (made_at, run_id, kind, subject, advice)
TTL toDateTime(made_at) + INTERVAL 365 DAY
COMMENT 'advice for a person to take or leave; read with FINAL';
