ALTER TABLE feedback_events
UPDATE user_id = transform(user_id, {users:Array(String)}, {pseudonyms:Array(String)}), comment = ''
WHERE has({users:Array(String)}, user_id)
    AND toUnixTimestamp64Milli(ts) <= transform(user_id, {users:Array(String)}, {erased_at:Array(Int64)}, toInt64(0))
SETTINGS mutations_sync = 1
