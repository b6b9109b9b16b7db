-- Users whose erasure is not over: the latest one of each. A user who was erased is in these rows by a pseudonym, made of the
-- erasure's own id, as soon as that erasure is over. ts: milliseconds.
SELECT
    user_id,
    concat('erased-', toString(argMax(event_id, ts))) AS pseudonym,
    toUnixTimestamp64Milli(max(user_events.ts)) AS erased_at
FROM user_events FINAL
WHERE type = 'erased' AND NOT match(user_id, '^erased-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
GROUP BY user_id
ORDER BY erased_at
LIMIT {most:UInt32}
