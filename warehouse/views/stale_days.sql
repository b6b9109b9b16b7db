-- Days with rows that no build has seen yet: the present, and days that late events have reached. Views of spend read them
-- from the raw events.
WITH coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone
SELECT arrived.day AS day
FROM
(
    SELECT toDate(quarter, zone) AS day, max(last_ingested_at) AS newest FROM arrivals WHERE topic = 'requests' GROUP BY day
) AS arrived
LEFT JOIN
(
    SELECT day, argMax(rollup_builds.input, version) AS input, argMax(rollup_builds.timezone, version) AS timezone
    FROM rollup_builds WHERE name = 'requests' GROUP BY day
) AS built USING (day)
WHERE toUnixTimestamp64Micro(newest) > built.input OR built.timezone != zone
