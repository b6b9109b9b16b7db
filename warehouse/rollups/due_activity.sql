-- Days up to today for which a day of the 60 that they look back on was built anew since; the newest day first.
SELECT toString(days.day) AS day, days.input AS input
FROM
(
    SELECT day, max(latest) OVER (ORDER BY number RANGE BETWEEN 59 PRECEDING AND CURRENT ROW) AS input
    FROM
    (
        SELECT toDate(number) AS day, number, builds.latest AS latest
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
    )
) AS days
LEFT JOIN
(
    SELECT day, argMax(rollup_builds.input, version) AS input FROM rollup_builds WHERE name = 'activity' GROUP BY day
) AS built USING (day)
WHERE days.input > built.input
ORDER BY day DESC
LIMIT {max_days:UInt32}
