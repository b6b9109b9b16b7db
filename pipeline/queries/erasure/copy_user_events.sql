-- The user is in the sorting key, so rows are copied and then deleted. A copy that is there already collapses with this one.
INSERT INTO user_events
SELECT * REPLACE (transform(user_id, {users:Array(String)}, {pseudonyms:Array(String)}) AS user_id)
FROM user_events
-- With the table's name: the bare one is the pseudonym.
WHERE has({users:Array(String)}, user_events.user_id)
    AND toUnixTimestamp64Milli(ts) <= transform(user_events.user_id, {users:Array(String)}, {erased_at:Array(Int64)}, toInt64(0))
