-- Requests in the warehouse by hour and partition of the log, copies of one event counted once. hour: UTC; events: count;
-- cost: nano-dollars. Simulated history that was put straight into the warehouse was never in the log and is left out.
WITH
    coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone,
    (SELECT groupArray(day) FROM stale_days) AS stale
SELECT hour, log_partition, events, cost
FROM
(
    SELECT hour, log_partition, events, cost FROM partitions_by_day WHERE NOT has(stale, day)
    UNION ALL
    SELECT toDateTime(toStartOfHour(ts, zone), 'UTC') AS hour, log_partition, count() AS events, sum(request_events.cost) AS cost
    FROM request_events FINAL
    WHERE has(stale, toDate(ts, zone)) AND ts >= toDateTime(arrayMin(stale), zone)
    GROUP BY hour, log_partition
)
WHERE log_partition NOT LIKE 'simulated-%'
ORDER BY hour, log_partition
