-- Takes all charges or none.
-- KEYS: 1 open reservations (sorted by expiry), 2 the reservation, 3 the mark that says that no counter was lost,
--       4.. a counter for each charge (one may come twice)
-- ARGV: 1 id, 2 expires at (ms), 3 the reservation's text, 4 most open reservations,
--       then for each charge: amount, limit ("" = none), the counter's own expiry (ms, "0" = never)
-- Answers {1, used, reserved, ...} after it, {0, number of the charge, used, reserved} when one does not fit,
-- {2} when this very reservation is there already, {3} when its id is taken, {4} when too many are open, {5} at an overflow, {6} when counters were lost.
local MAX_EXACT = 9007199254740991 -- numbers here are doubles: integers above 2^53 - 1 would be wrong without a word
if redis.call('EXISTS', KEYS[3]) == 0 then
  return { 6 }
end
local existing = redis.call('GET', KEYS[2])
if existing then
  return { existing == ARGV[3] and 2 or 3 }
end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then
  return { 4 }
end

local used, reserved, is_new = {}, {}, {}
for at = 4, #KEYS do
  local key = KEYS[at]
  if used[key] == nil then
    local state = redis.call('HMGET', key, 'u', 'r')
    used[key] = tonumber(state[1] or 0)
    reserved[key] = tonumber(state[2] or 0)
    is_new[key] = not state[1] and not state[2]
  end
  local first = 3 * at - 7
  local amount, limit = tonumber(ARGV[first]), ARGV[first + 1]
  local total = used[key] + reserved[key] + amount
  if limit ~= '' and total > tonumber(limit) then
    return { 0, at - 3, used[key], reserved[key] }
  end
  if total > MAX_EXACT then
    return { 5 }
  end
  reserved[key] = reserved[key] + amount
end

for at = 4, #KEYS do
  local key, first = KEYS[at], 3 * at - 7
  -- The argument's text, not the number: numbers are written as 1e+15.
  redis.call('HINCRBY', key, 'r', ARGV[first])
  if is_new[key] and ARGV[first + 2] ~= '0' then
    redis.call('PEXPIREAT', key, ARGV[first + 2])
  end
end
redis.call('SET', KEYS[2], ARGV[3])
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])

local answer = { 1 }
for at = 4, #KEYS do
  answer[#answer + 1] = used[KEYS[at]]
  answer[#answer + 1] = reserved[KEYS[at]]
end
return answer
