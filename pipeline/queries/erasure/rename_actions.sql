-- The call that erases is written down after the erasure itself, and is about who was there before it. By hashes, as in rename_requests.sql.
ALTER TABLE admin_actions
UPDATE subject = transform(hex(SHA256(subject)), {hashes:Array(String)}, {pseudonyms:Array(String)}, subject)
WHERE path LIKE '/api/users/%' AND has({hashes:Array(String)}, hex(SHA256(subject)))
    AND (method = 'DELETE' OR toUnixTimestamp64Milli(ts) <= transform(hex(SHA256(subject)), {hashes:Array(String)}, {erased_at:Array(Int64)}, toInt64(0)))
SETTINGS mutations_sync = 1
