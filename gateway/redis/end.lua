-- Ends a reservation: what was reserved is replaced by what was used (nothing, when it is released).
-- KEYS: 1 the epoch, 2 the gateway's mark, 3 open reservations, 4 the reservation, 5 claims on expired ones,
--       6.. a counter for each charge
-- ARGV: 1 the epoch and 2 the mark that the gateway knows, 3 id,
--       4 who ends it: 'owner' (the gateway that has reserved), 'undo' (the same one, which does not know whether it has),
--         'other' (a gateway that takes the owner for dead), 'rebuild' (the counters are rebuilt, and have what it used),
--       5 how long it is remembered that it has ended (ms), where somebody may still ask for it,
--       then for each charge: the reserved amount, the used amount, the counter's own expiry (ms, "0" = never)
-- Answers {1, mark}, or {0} when there is no such reservation (any more): then nothing is changed;
-- 'other' also {6} when counters were lost, {7} when they were rebuilt.
local by = ARGV[4]
local state = lineage(KEYS[1], KEYS[2], ARGV[1], ARGV[2])
if by == 'other' and state ~= 'same' then
  return { state == 'newer' and NEWER or LOST }
end
local function each_charge(change)
  for at = 6, #KEYS do
    local first = 3 * at - 12
    change(KEYS[at], ARGV[first], ARGV[first + 1], ARGV[first + 2])
  end
end

local stored = redis.call('GET', KEYS[4])
local told = stored and string.match(stored, '^ended(.*)$')
if not stored then
  -- Its reserve may still be on its way, through a connection that was given up.
  if by == 'undo' then
    redis.call('SET', KEYS[4], 'ended', 'PX', ARGV[5])
  end
  return { 0 }
end
if told then
  if by ~= 'owner' or told == '' then
    return { 0 }
  end
  -- Another gateway took this one for dead and settled at the bound. What the request did use is known now.
  local amounts = string.gmatch(told, ',(%d+)')
  each_charge(function(key, _, used, expiry)
    local is_new = redis.call('EXISTS', key) == 0
    redis.call('HINCRBY', key, 'u', string.format('%.0f', tonumber(used) - tonumber(amounts())))
    if is_new and expiry ~= '0' then
      redis.call('PEXPIREAT', key, expiry)
    end
  end)
  redis.call('SET', KEYS[4], 'ended', 'PX', ARGV[5])
  return { 1, redis.call('INCR', KEYS[2]) }
end

redis.call('ZREM', KEYS[3], ARGV[3])
redis.call('HDEL', KEYS[5], ARGV[3])
local ended = 'ended'
each_charge(function(key, reserved, used, expiry)
  local left = redis.call('HINCRBY', key, 'r', reserved == '0' and '0' or '-' .. reserved)
  if used ~= '0' then
    redis.call('HINCRBY', key, 'u', used)
  end
  -- Its window was over and it had expired: it does not come back to stay.
  if left < 0 and expiry ~= '0' then
    redis.call('PEXPIREAT', key, expiry)
  end
  ended = ended .. ',' .. used
end)
if by == 'other' then
  redis.call('SET', KEYS[4], ended, 'PX', ARGV[5])
elseif by == 'undo' then
  redis.call('SET', KEYS[4], 'ended', 'PX', ARGV[5])
else
  redis.call('DEL', KEYS[4])
end
return { 1, redis.call('INCR', KEYS[2]) }
