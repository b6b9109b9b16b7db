-- Counts what was used without a reservation, once for each id, whatever the limits.
-- KEYS: 1 the epoch, 2 the gateway's mark, 3 what remembers that it was counted, 4.. a counter for each amount
-- ARGV: 1 the epoch and 2 the mark that the gateway knows, 3 how long it is remembered (ms),
--       then for each counter: the used amount, the counter's own expiry (ms, "0" = never)
-- Answers {1, mark}, {0} when it was counted before, {6} when counters were lost, {7} when they were rebuilt.
local state = lineage(KEYS[1], KEYS[2], ARGV[1], ARGV[2])
if state ~= 'same' then
  return { state == 'newer' and NEWER or LOST }
end
if not redis.call('SET', KEYS[3], '1', 'NX', 'PX', ARGV[3]) then
  return { 0 }
end
for at = 4, #KEYS do
  local key, first = KEYS[at], 2 * at - 4
  local is_new = redis.call('EXISTS', key) == 0
  redis.call('HINCRBY', key, 'u', ARGV[first])
  if is_new and ARGV[first + 1] ~= '0' then
    redis.call('PEXPIREAT', key, ARGV[first + 1])
  end
end
return { 1, redis.call('INCR', KEYS[2]) }
