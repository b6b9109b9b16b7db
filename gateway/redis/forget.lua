-- Forgets counters. One that is held by a reservation keeps what is reserved.
-- KEYS: counters
for _, key in ipairs(KEYS) do
  if tonumber(redis.call('HGET', key, 'r') or 0) == 0 then
    redis.call('UNLINK', key)
  else
    redis.call('HSET', key, 'u', 0)
  end
end
return 1
