-- Of two orphaned rows of one request the one that cost more stays: each tells what its attempts may have cost, and the
-- later attempt knows of the earlier one. Any other row still wins over both.

ALTER TABLE request_events
    MODIFY COLUMN certainty UInt64 MATERIALIZED if(outcome = 'orphaned', cost, 18446744073709551615) COMMENT 'which of two rows of one event stays: of orphaned rows the one that cost more, and any other row over those';

ALTER TABLE request_events MATERIALIZE COLUMN certainty SETTINGS mutations_sync = 1;
