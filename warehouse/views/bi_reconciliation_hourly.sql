-- Requests in the warehouse by hour and partition of the log, copies of one event counted once.
SELECT
    toStartOfHour(ts) AS hour,
    log_partition,
    count() AS events,
    sum(cost) AS cost
FROM request_events FINAL
GROUP BY hour, log_partition
ORDER BY hour, log_partition
