-- Which of several pipelines runs the jobs. Terms are numbered; the block of a term is inserted with the term as its
-- deduplication token, so that of two who claim it only the first one is in the table.

CREATE TABLE IF NOT EXISTS pipeline_terms
(
    term UInt64 COMMENT 'one more than the one before',
    holder String COMMENT 'the pipeline that runs the jobs in this term; empty: given back',
    lasts_ms UInt32 COMMENT 'from when it began, milliseconds',
    begins_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'by the clock of the warehouse'
)
ENGINE = MergeTree
ORDER BY term
TTL toDateTime(begins_at) + INTERVAL 1 DAY
SETTINGS non_replicated_deduplication_window = 1000
COMMENT 'who runs the jobs';
