ALTER TABLE dead_letters UPDATE key = '', value = '', value_bytes = 0 WHERE has({users:Array(String)}, key)
SETTINGS mutations_sync = 1
