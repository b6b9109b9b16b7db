-- Weeks (their Mondays) of which a day was built anew since; the newest first.
SELECT toString(weeks.day) AS day, weeks.input AS input
FROM
(
    SELECT toMonday(rollup_builds.day) AS day, max(version) AS input
    FROM rollup_builds WHERE name = 'requests' GROUP BY day
) AS weeks
LEFT JOIN
(
    SELECT day, argMax(rollup_builds.input, version) AS input FROM rollup_builds WHERE name = 'cohorts' GROUP BY day
) AS built USING (day)
WHERE weeks.input > built.input
ORDER BY day DESC
LIMIT {max_days:UInt32}
