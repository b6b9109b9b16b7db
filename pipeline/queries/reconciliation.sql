-- The requests topic as the warehouse has it, one row for each partition of the log.
SELECT log_partition, next_offset, inserted, dead, rows, distinct_events, cost
FROM bi_reconciliation
