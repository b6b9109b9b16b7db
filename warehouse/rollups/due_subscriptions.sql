-- One row when a user event or a price has come in since the last build, or a new day has begun.
SELECT '1970-01-01' AS day, toInt64(greatest(arrived.input, priced.input)) AS input
FROM
(
    SELECT toUInt64(toUnixTimestamp64Micro(max(ingested_at))) AS input, count() AS events FROM user_events
) AS arrived
CROSS JOIN
(
    SELECT toUInt64(toUnixTimestamp64Micro(max(published_at))) AS input FROM tier_facts
) AS priced
CROSS JOIN
(
    SELECT max(version) AS latest, argMax(rollup_builds.input, version) AS input, argMax(rollup_builds.timezone, version) AS timezone
    FROM rollup_builds WHERE name = 'subscriptions'
) AS built
WHERE events > 0
    AND (greatest(arrived.input, priced.input) > built.input
        OR built.timezone != {zone:String}
        OR toDate(fromUnixTimestamp64Micro(toInt64(built.latest)), {zone:String}) < {to_day:Date})
