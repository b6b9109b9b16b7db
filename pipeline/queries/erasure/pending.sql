-- Users whose erasure is not over: the latest one of each. A user who was erased is in these rows by a pseudonym, made of the
-- erasure's own id, as soon as that erasure is over. Milliseconds.
-- ends_at: rows up to then are of the user who was erased. A gateway learns of an erasure a moment after it, so rows of that moment are,
-- too; once nothing can come late any more, all rows are up to the next user's first.
WITH
    -- of one who came back with the id
    minIf(toUnixTimestamp64Milli(user_events.ts), type != 'erased' AND user_events.ts > erasures.ts) AS next_at,
    toUnixTimestamp64Milli(any(erasures.ts)) AS erased
SELECT
    user_id,
    concat('erased-', toString(any(erasures.event_id))) AS pseudonym,
    erased AS erased_at,
    least(
        if(next_at = 0, 9007199254740991, next_at - 1),
        if({now:Int64} - erased < {late:Int64}, erased + {learned_after:Int64}, 9007199254740991)) AS ends_at
FROM user_events
INNER JOIN
(
    SELECT user_id, max(e.ts) AS ts, argMax(e.event_id, e.ts) AS event_id
    FROM user_events AS e
    WHERE type = 'erased' AND NOT match(user_id, '^erased-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')
    GROUP BY user_id
) AS erasures USING (user_id)
GROUP BY user_id
ORDER BY erased_at
LIMIT {most:UInt32}
