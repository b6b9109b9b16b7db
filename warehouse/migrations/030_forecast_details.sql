-- What a forecast was made of.

ALTER TABLE forecasts ADD COLUMN IF NOT EXISTS weights String COMMENT 'JSON: models that were combined to their weights, which sum to 1; empty: not known' AFTER model;

ALTER TABLE forecasts ADD COLUMN IF NOT EXISTS notes String COMMENT 'JSON array: what a reader should know, such as short-history; empty: nothing' AFTER weights;
