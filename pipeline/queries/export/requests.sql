-- A user's requests, the oldest first, from a place on: (milliseconds, event). Money in nano-dollars.
SELECT * EXCEPT (ts, log_partition, log_offset, ingested_at), toUnixTimestamp64Milli(request_events.ts) AS ts
FROM request_events FINAL
WHERE user_id = {user:String}
    AND (toUnixTimestamp64Milli(request_events.ts), event_id) > ({after_ms:Int64}, {after_id:UUID})
ORDER BY request_events.ts, event_id
LIMIT {most:UInt32}
