-- What a request needs that not every model can do, what shows of an answer's quality without a rating, and how much sooner a cached
-- answer came. Rows of before have none of it.

ALTER TABLE request_events
    ADD COLUMN IF NOT EXISTS needs Array(LowCardinality(String)) COMMENT 'what not every model can do: tools, jsonSchema, images; empty: nothing of it' AFTER requested_model,
    ADD COLUMN IF NOT EXISTS cache_saved_ms Float32 COMMENT 'milliseconds by which a cached answer came sooner than it had when it was made' CODEC(ZSTD(1)) AFTER cache_saved,
    ADD COLUMN IF NOT EXISTS cut_off Bool COMMENT 'the answer stopped at the output limit' AFTER cache_saved_ms,
    ADD COLUMN IF NOT EXISTS empty Bool COMMENT 'no text, no refusal and no call of a tool' AFTER cut_off,
    ADD COLUMN IF NOT EXISTS refused Bool COMMENT 'the model said that it would not' AFTER empty,
    ADD COLUMN IF NOT EXISTS filtered Bool COMMENT 'the provider''s filter took it away, or a part of it' AFTER refused,
    ADD COLUMN IF NOT EXISTS invalid_json Bool COMMENT 'JSON was asked for, and its text is none' AFTER filtered,
    ADD COLUMN IF NOT EXISTS asked_again_of LowCardinality(String) COMMENT 'the provider that had answered the same request of the same user in the minute before; empty: not asked again' AFTER invalid_json;

ALTER TABLE rollup_requests_hourly ADD COLUMN IF NOT EXISTS cache_saved_ms Float64 COMMENT 'milliseconds' AFTER cache_saved;

CREATE TABLE IF NOT EXISTS rollup_quality_daily
(
    day Date COMMENT 'in the catalog''s time zone',
    provider LowCardinality(String) COMMENT 'whose answers',
    version UInt64 COMMENT 'see rollup_builds',
    answers UInt64 COMMENT 'requests with outcome ok',
    cut_off UInt64 COMMENT 'of them, stopped at the output limit',
    empty UInt64 COMMENT 'without text, refusal or call of a tool',
    refused UInt64 COMMENT 'the model said that it would not',
    filtered UInt64 COMMENT 'the provider''s filter took it away, or a part of it',
    invalid_json UInt64 COMMENT 'JSON was asked for, and the text is none',
    asked_again UInt64 COMMENT 'requests of the day that ask once more, within a minute, what it had answered'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, version, provider)
COMMENT 'what shows of the quality of answers, by provider';
