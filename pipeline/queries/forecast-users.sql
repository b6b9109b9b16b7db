-- Users with a request on each complete day: in total, and by tier (who changes the tier on a day counts in both). days: days since
-- 1970-01-01.
WITH
    coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone,
    (SELECT groupArray(day) FROM stale_days) AS stale
SELECT dimension, part, groupArray(toUInt16(part_day)) AS days, groupArray(part_users) AS users
FROM
(
    SELECT seen.day AS part_day, grouping.1 AS dimension, grouping.2 AS part, uniqExact(user_id) AS part_users
    FROM
    (
        SELECT day, user_id, tier
        FROM users_by_day
        WHERE NOT has(stale, day) AND day >= {from:Date} AND day < {today:Date}
        UNION ALL
        SELECT toDate(ts, zone) AS day, user_id, tier
        FROM request_events FINAL
        WHERE has(stale, toDate(ts, zone)) AND ts >= toDateTime(arrayMin(stale), zone) AND user_id != ''
            AND toDate(ts, zone) >= {from:Date} AND toDate(ts, zone) < {today:Date}
    ) AS seen
    ARRAY JOIN [('total', ''), ('tier', tier)] AS grouping
    GROUP BY part_day, dimension, part
)
GROUP BY dimension, part
ORDER BY dimension, sum(part_users) DESC, part
LIMIT {max_parts:UInt16} BY dimension
