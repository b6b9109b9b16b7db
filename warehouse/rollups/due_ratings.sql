-- Days with ratings, or requests that they may belong to, that their last build has not seen, and days whose ratings were changed on a
-- later one; the newest day first.
SELECT
    toString(arrived.day) AS day,
    greatest(toUnixTimestamp64Micro(newest), toInt64(requests.latest)) AS input
FROM
(
    SELECT day, max(came) AS newest
    FROM
    (
        SELECT toDate(quarter, {zone:String}) AS day, max(last_ingested_at) AS came
        FROM arrivals WHERE topic = 'feedback' GROUP BY day
        UNION ALL
        SELECT toDate(earlier.ts, {zone:String}) AS day, max(later.ingested_at) AS came
        FROM feedback_events AS earlier
        INNER JOIN feedback_events AS later ON later.request_id = earlier.request_id AND later.user_id = earlier.user_id
        WHERE earlier.ts > now64(3) - INTERVAL 16 DAY AND later.ts > now64(3) - INTERVAL 16 DAY AND later.ts > earlier.ts
        GROUP BY day
    )
    GROUP BY day
) AS arrived
LEFT JOIN (SELECT day, max(version) AS latest FROM rollup_builds WHERE name = 'requests' GROUP BY day) AS requests USING (day)
LEFT JOIN
(
    SELECT day, argMax(rollup_builds.input, version) AS input, argMax(rollup_builds.timezone, version) AS timezone
    FROM rollup_builds WHERE name = 'ratings' GROUP BY day
) AS built USING (day)
WHERE input > built.input OR built.timezone != {zone:String}
ORDER BY day DESC
LIMIT {max_days:UInt32}
