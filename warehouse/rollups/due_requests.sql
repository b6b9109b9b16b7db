-- Days with rows that their last build has not seen, the newest day first. A build that began within two minutes of the newest
-- row may have missed rows that were on their way, so it is done once more.
SELECT
    toString(arrived.day) AS day,
    toUnixTimestamp64Micro(newest) AS input
FROM
(
    SELECT toDate(quarter, {zone:String}) AS day, max(last_ingested_at) AS newest
    FROM arrivals WHERE topic = 'requests' GROUP BY day
) AS arrived
LEFT JOIN
(
    SELECT day, max(version) AS latest, argMax(rollup_builds.input, version) AS input, argMax(rollup_builds.timezone, version) AS timezone
    FROM rollup_builds WHERE name = 'requests' GROUP BY day
) AS built USING (day)
WHERE toUnixTimestamp64Micro(newest) > built.input
    OR built.timezone != {zone:String}
    OR (built.latest < built.input + 120000000 AND {now:UInt64} > built.input + 120000000)
ORDER BY day DESC
LIMIT {max_days:UInt32}
