-- Writes counters that were counted anew, as long as Redis has not got them again; at the end says that it has.
-- KEYS: 1 the mark that says that the counters are whole, 2 the lock of who counts, 3.. counters
-- ARGV: 1 who counts, 2 how long it may go on (ms), 3 '1' = this was the last part,
--       then for each counter: used, its expiry (ms, "0" = never)
-- Answers 1, or 0 when somebody else counts or the counters are whole: then nothing is changed.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
for at = 3, #KEYS do
  local first = 2 * at - 2
  redis.call('HSET', KEYS[at], 'u', ARGV[first])
  if ARGV[first + 1] ~= '0' then
    redis.call('PEXPIREAT', KEYS[at], ARGV[first + 1])
  end
end
if ARGV[3] == '1' then
  redis.call('SET', KEYS[1], ARGV[1])
  redis.call('DEL', KEYS[2])
end
return 1
