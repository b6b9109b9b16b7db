-- Days up to today for which a day of the 60 that they look back on was built anew since, or a user event of the day or of one before
-- it has come in that the subscriptions have in them; the newest day first.
WITH (SELECT argMax(rollup_builds.input, version) FROM rollup_builds WHERE name = 'subscriptions') AS users_until
SELECT toString(days.day) AS day, days.input AS input
FROM
(
    SELECT
        day,
        greatest(
            max(latest) OVER (ORDER BY number RANGE BETWEEN 59 PRECEDING AND CURRENT ROW),
            max(known_at) OVER (ORDER BY number)) AS input
    FROM
    (
        SELECT toDate(number) AS day, number, builds.latest AS latest, changes.known_at AS known_at
        FROM
        (
            SELECT toUInt32(number + first_day) AS number
            FROM
            (
                SELECT toUInt32(min(day)) AS first_day, toUInt32({to_day:Date}) AS last_day
                FROM rollup_builds WHERE name = 'requests' HAVING count() > 0
            ) AS span
            ARRAY JOIN range(toUInt32(greatest(0, toInt64(last_day) - first_day + 1))) AS number
        ) AS calendar
        LEFT JOIN
        (
            SELECT toUInt32(day) AS number, max(version) AS latest
            FROM rollup_builds WHERE name = 'requests' GROUP BY day
        ) AS builds USING (number)
        LEFT JOIN
        (
            SELECT
                greatest(
                    toUInt32(toDate(ts, {zone:String})),
                    (SELECT toUInt32(min(day)) FROM rollup_builds WHERE name = 'requests')) AS number,
                toUInt64(max(toUnixTimestamp64Micro(ingested_at))) AS known_at
            FROM user_events
            WHERE toUnixTimestamp64Micro(ingested_at) <= users_until
            GROUP BY number
        ) AS changes USING (number)
    )
) AS days
LEFT JOIN
(
    SELECT day, argMax(rollup_builds.input, version) AS input FROM rollup_builds WHERE name = 'activity' GROUP BY day
) AS built USING (day)
WHERE days.input > built.input
ORDER BY day DESC
LIMIT {max_days:UInt32}
