DELETE FROM user_events
WHERE has({users:Array(String)}, user_id)
    AND toUnixTimestamp64Milli(ts) <= transform(user_id, {users:Array(String)}, {erased_at:Array(Int64)}, toInt64(0))
