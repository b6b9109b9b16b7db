-- Through which app an answer was rated; what was rated before is not told.

ALTER TABLE feedback_events ADD COLUMN IF NOT EXISTS app_id LowCardinality(String) COMMENT 'the app that told it; empty: not told' AFTER request_id;

-- Their days are counted anew: only ratings of answers that exist count, each answer once.
ALTER TABLE rollup_builds DELETE WHERE name = 'ratings';
