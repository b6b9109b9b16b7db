-- A user's ratings, the oldest first.
SELECT * EXCEPT (ts, log_partition, log_offset, ingested_at), toUnixTimestamp64Milli(feedback_events.ts) AS ts
FROM feedback_events FINAL
WHERE user_id = {user:String}
ORDER BY feedback_events.ts, event_id
LIMIT {most:UInt32}
