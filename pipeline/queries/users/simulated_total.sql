-- How many users only the simulation has made up.
SELECT countIf(last_type != 'erased') AS users
FROM
(
    SELECT argMax(type, (ts, event_id)) AS last_type
    FROM user_events FINAL
    WHERE startsWith(log_partition, 'simulated-')
    GROUP BY user_id
)
