-- Whether break-even is still to come.

ALTER TABLE break_even ADD COLUMN IF NOT EXISTS state LowCardinality(String) DEFAULT if(day IS NULL, 'beyond', 'expected') COMMENT 'reached (day: since when), expected, beyond (not within 365 days) or unknown (not enough history)' AFTER made_at;
