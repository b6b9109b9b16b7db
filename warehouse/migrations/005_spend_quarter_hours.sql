-- What the last two weeks cost, by quarter of an hour (the smallest step of a time zone): the history that bi_realtime
-- compares the present with. Computed anew as a whole from the collapsed events, so a replay changes nothing; up to
-- five minutes behind.

CREATE MATERIALIZED VIEW IF NOT EXISTS spend_quarter_hours
REFRESH EVERY 5 MINUTE
(
    start DateTime('UTC') COMMENT 'of the quarter of an hour',
    requests UInt64 COMMENT 'all outcomes',
    cost UInt64 COMMENT 'nano-dollars'
)
ENGINE = MergeTree
ORDER BY start
AS SELECT toStartOfFifteenMinutes(ts) AS start, count() AS requests, sum(cost) AS cost
FROM request_events FINAL
WHERE ts >= now() - INTERVAL 15 DAY
GROUP BY start;
