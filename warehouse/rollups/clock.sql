-- Microseconds since the epoch.
SELECT toUnixTimestamp64Micro(now64(6)) AS now
