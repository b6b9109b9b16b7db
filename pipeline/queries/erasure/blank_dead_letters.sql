-- Letters of before have the record's key and value. By hashes, as in rename_requests.sql.
ALTER TABLE dead_letters UPDATE key = '', value = '', value_bytes = 0 WHERE has({hashes:Array(String)}, hex(SHA256(key)))
SETTINGS mutations_sync = 1
