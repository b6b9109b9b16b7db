-- The requests topic as the warehouse has it, one row for each partition of the log. For every partition
-- next_offset = inserted + dead where the log's offsets have no gaps, and next_offset is the log's end when the
-- sink has caught up. inserted counts copies of one event each; distinct_events counts an event once, at the
-- partition of the copy that was kept; over all partitions, inserted - distinct_events = duplicates. Simulated history that was put
-- straight into the warehouse was never in the log and is left out. Counts and offsets; cost in nano-dollars.
SELECT
    partition AS log_partition,
    offsets.next_offset AS next_offset,
    offsets.inserted AS inserted,
    offsets.dead AS dead,
    stored.rows AS rows,
    events.distinct_events AS distinct_events,
    events.cost AS cost,
    stored.max_log_offset AS max_log_offset
FROM
(
    SELECT partition, next_offset, inserted, dead FROM log_offsets FINAL WHERE topic = 'requests' AND partition NOT LIKE 'simulated-%'
) AS offsets
FULL JOIN
(
    SELECT log_partition AS partition, count() AS rows, max(log_offset) AS max_log_offset
    FROM request_events WHERE log_partition NOT LIKE 'simulated-%' GROUP BY partition
) AS stored USING (partition)
LEFT JOIN
(
    SELECT log_partition AS partition, sum(events) AS distinct_events, sum(bi_reconciliation_hourly.cost) AS cost
    FROM bi_reconciliation_hourly GROUP BY partition
) AS events USING (partition)
ORDER BY log_partition
