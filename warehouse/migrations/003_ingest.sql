-- What the sink knows: how far it has come, and what it could not take.

CREATE TABLE IF NOT EXISTS log_offsets
(
    topic LowCardinality(String) COMMENT 'of the log',
    partition String COMMENT 'of the topic',
    next_offset UInt64 COMMENT 'everything before it is in its table or among the dead letters',
    inserted UInt64 COMMENT 'rows inserted from this partition so far, copies of one event counted each',
    dead UInt64 COMMENT 'records of this partition that became dead letters so far',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when the sink wrote it'
)
ENGINE = ReplacingMergeTree(next_offset)
ORDER BY (topic, partition)
COMMENT 'how far the sink has come; read with FINAL';

CREATE TABLE IF NOT EXISTS dead_letters
(
    ts DateTime64(3, 'UTC') COMMENT 'when it was given up; JSON: milliseconds since the epoch',
    source_topic LowCardinality(String) COMMENT 'where it was read',
    source_partition String COMMENT 'where it was read',
    source_offset UInt64 COMMENT 'where it was read; the log still has the original',
    reason String COMMENT 'why the warehouse refused it',
    key String COMMENT 'of the record',
    value String COMMENT 'of the record, cut at the limit',
    encoding LowCardinality(String) COMMENT 'of the value: utf8 or base64',
    value_bytes UInt32 COMMENT 'size of the whole value',
    log_partition LowCardinality(String) COMMENT 'where in the dead-letters topic it was read',
    log_offset UInt64 COMMENT 'offset in its partition',
    ingested_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when it came into the warehouse',
    INDEX log_offset_range log_offset TYPE minmax
)
ENGINE = ReplacingMergeTree
ORDER BY (source_topic, source_partition, source_offset)
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'records that the warehouse refused; read with FINAL';
