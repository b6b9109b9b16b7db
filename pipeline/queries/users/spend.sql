-- What the requests of some users did cost in the last 30 days with today, in the catalog's time zone. Nano-dollars.
WITH
    coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone,
    toDate(now(), zone) - 29 AS first_day,
    (SELECT groupArray(day) FROM stale_days) AS stale
SELECT user_id AS id, sum(cost) AS spent
FROM
(
    SELECT user_id, cost FROM users_by_day
    WHERE user_id IN {users:Array(String)} AND day >= first_day AND NOT has(stale, day)
    UNION ALL
    SELECT user_id, cost FROM request_events FINAL
    WHERE user_id IN {users:Array(String)} AND has(stale, toDate(ts, zone))
        AND ts >= toDateTime(greatest(first_day, arrayMin(stale)), zone)
)
GROUP BY user_id
