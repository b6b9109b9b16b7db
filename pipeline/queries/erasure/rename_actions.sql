-- The call that erases is written down after the erasure itself, and is about who was there before it.
ALTER TABLE admin_actions
UPDATE subject = transform(subject, {users:Array(String)}, {pseudonyms:Array(String)})
WHERE path LIKE '/api/users/%' AND has({users:Array(String)}, subject)
    AND (method = 'DELETE' OR toUnixTimestamp64Milli(ts) <= transform(subject, {users:Array(String)}, {erased_at:Array(Int64)}, toInt64(0)))
SETTINGS mutations_sync = 1
