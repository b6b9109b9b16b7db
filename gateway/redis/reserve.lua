-- Takes all charges or none.
-- KEYS: 1 the epoch, 2 the gateway's mark, 3 open reservations (sorted by expiry), 4 the reservation,
--       5.. a counter for each charge (one may come twice)
-- ARGV: 1 the epoch and 2 the mark that the gateway knows, 3 id, 4 expires at (ms), 5 the reservation's text, 6 most open reservations,
--       then for each charge: amount, limit ("" = none), the counter's own expiry (ms, "0" = never)
-- Answers {1, mark, used, reserved, ...} after it, {0, number of the charge, used, reserved} when one does not fit,
-- {2} when this very reservation is there already, {3} when its id is taken or was ended, {4} when too many are open,
-- {5} at an overflow, {6} when counters were lost, {7} when they were rebuilt.
local MAX_EXACT = 9007199254740991 -- numbers here are doubles: integers above 2^53 - 1 would be wrong without a word
local state = lineage(KEYS[1], KEYS[2], ARGV[1], ARGV[2])
if state ~= 'same' then
  return { state == 'newer' and NEWER or LOST }
end
local existing = redis.call('GET', KEYS[4])
if existing then
  return { existing == ARGV[5] and 2 or 3 }
end
if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[6]) then
  return { 4 }
end

local used, reserved, is_new = {}, {}, {}
for at = 5, #KEYS do
  local key = KEYS[at]
  if used[key] == nil then
    local counter = redis.call('HMGET', key, 'u', 'r')
    used[key] = tonumber(counter[1] or 0)
    reserved[key] = tonumber(counter[2] or 0)
    is_new[key] = not counter[1] and not counter[2]
  end
  local first = 3 * at - 8
  local amount, limit = tonumber(ARGV[first]), ARGV[first + 1]
  local total = used[key] + reserved[key] + amount
  if limit ~= '' and total > tonumber(limit) then
    return { 0, at - 4, used[key], reserved[key] }
  end
  if total > MAX_EXACT then
    return { 5 }
  end
  reserved[key] = reserved[key] + amount
end

for at = 5, #KEYS do
  local key, first = KEYS[at], 3 * at - 8
  -- The argument's text, not the number: numbers are written as 1e+15.
  redis.call('HINCRBY', key, 'r', ARGV[first])
  if is_new[key] and ARGV[first + 2] ~= '0' then
    redis.call('PEXPIREAT', key, ARGV[first + 2])
  end
end
redis.call('SET', KEYS[4], ARGV[5])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[3])

local answer = { 1, redis.call('INCR', KEYS[2]) }
for at = 5, #KEYS do
  answer[#answer + 1] = used[KEYS[at]]
  answer[#answer + 1] = reserved[KEYS[at]]
end
return answer
