-- The rows themselves, not only their mark: what is only marked stays in the files. By hashes, as in rename_requests.sql.
ALTER TABLE user_events
DELETE WHERE has({hashes:Array(String)}, hex(SHA256(user_id)))
    AND toUnixTimestamp64Milli(ts) <= transform(hex(SHA256(user_id)), {hashes:Array(String)}, {erased_at:Array(Int64)}, toInt64(0))
SETTINGS mutations_sync = 1
