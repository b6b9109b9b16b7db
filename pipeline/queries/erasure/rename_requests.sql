-- By hashes: the server keeps the text of a change in a file beside the table.
ALTER TABLE request_events
UPDATE user_id = transform(hex(SHA256(user_id)), {hashes:Array(String)}, {pseudonyms:Array(String)}, user_id)
WHERE has({hashes:Array(String)}, hex(SHA256(user_id)))
    AND toUnixTimestamp64Milli(ts) <= transform(hex(SHA256(user_id)), {hashes:Array(String)}, {ends_at:Array(Int64)}, toInt64(0))
SETTINGS mutations_sync = 1
