-- When there were simulated requests: so that what was summed up without its source can be left out of what steers real ones.

CREATE TABLE IF NOT EXISTS simulated_hours
(
    hour DateTime('UTC') COMMENT 'start of an hour with simulated requests'
)
ENGINE = ReplacingMergeTree
ORDER BY hour
COMMENT 'hours with simulated requests';

CREATE MATERIALIZED VIEW IF NOT EXISTS simulated_arrivals TO simulated_hours
AS SELECT toStartOfHour(ts) AS hour FROM request_events WHERE source = 'simulated' GROUP BY hour;

-- What was there before the view above.
INSERT INTO simulated_hours SELECT toStartOfHour(ts) AS hour FROM request_events WHERE source = 'simulated' GROUP BY hour;

-- Rows of before say live until the next build, which is made within a day.
ALTER TABLE rollup_subscriptions_daily ADD COLUMN IF NOT EXISTS source LowCardinality(String) DEFAULT 'live' COMMENT 'live, or simulated: made up by the simulation';
