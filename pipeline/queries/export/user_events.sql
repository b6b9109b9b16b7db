-- What became of a user, the oldest first.
SELECT * EXCEPT (ts, log_partition, log_offset, ingested_at), toUnixTimestamp64Milli(user_events.ts) AS ts
FROM user_events FINAL
WHERE user_id = {user:String}
ORDER BY user_events.ts, event_id
LIMIT {most:UInt32}
