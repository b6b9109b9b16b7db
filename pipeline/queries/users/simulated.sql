-- Users whom only the simulation has made up, in the order of their ids, from a place on. ts: milliseconds since the epoch.
SELECT
    user_id AS id,
    argMax(tier, (user_events.ts, event_id)) AS tier,
    toUnixTimestamp64Milli(min(user_events.ts)) AS createdAt,
    if(countIf(type = 'set') = 0, NULL, toUnixTimestamp64Milli(maxIf(user_events.ts, type = 'set'))) AS tierUpdatedAt
FROM user_events FINAL
WHERE startsWith(log_partition, 'simulated-') AND user_id > {after:String}
GROUP BY user_id
HAVING argMax(type, (user_events.ts, event_id)) != 'erased' AND (position(id, {search:String}) > 0 OR position(tier, {search:String}) > 0)
ORDER BY user_id
LIMIT {most:UInt32}
