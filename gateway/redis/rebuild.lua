-- Writes counters that were made anew from the log, as long as Redis has not got them again; at the end says that it has.
-- KEYS: 1 the epoch, 2 the lock of who rebuilds, 3 what is to be known of the rebuild, 4.. counters
-- ARGV: 1 who rebuilds, 2 how long it may go on (ms), 3 '1' = this was the last part, 4 the largest epoch that any gateway knows,
--       5 what is to be known of it,
--       then for each counter: used, its expiry (ms, "0" = never), '1' = the log has all of it, '0' = what is there already may be more
-- Answers 1, or 0 when somebody else rebuilds or the counters are whole: then nothing is changed.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
for at = 4, #KEYS do
  local key, first = KEYS[at], 3 * at - 6
  local used, expiry, is_whole = ARGV[first], ARGV[first + 1], ARGV[first + 2] == '1'
  if is_whole or tonumber(used) > tonumber(redis.call('HGET', key, 'u') or 0) then
    redis.call('HSET', key, 'u', used)
  end
  if expiry ~= '0' then
    redis.call('PEXPIREAT', key, expiry)
  end
end
if ARGV[3] == '1' then
  local time = redis.call('TIME')
  local epoch = math.max(time[1] * 1000 + math.floor(time[2] / 1000), tonumber(ARGV[4]) + 1)
  redis.call('SET', KEYS[1], string.format('%.0f', epoch))
  redis.call('SET', KEYS[3], ARGV[5])
  redis.call('DEL', KEYS[2])
end
return 1
