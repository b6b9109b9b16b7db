-- Ids of reservations that have expired, claimed for one gateway for a while, so that not all gateways record them.
-- KEYS: 1 open reservations, 2 claims
-- ARGV: 1 expired at or before (ms), 2 the gateway, 3 how long a claim lasts (ms), 4 most ids
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ids = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[4])) do
  local claim = redis.call('HGET', KEYS[2], id)
  local till, owner = string.match(claim or '0 ', '^(%d+) (.*)$')
  if owner == ARGV[2] or tonumber(till) <= now then
    redis.call('HSET', KEYS[2], id, string.format('%.0f %s', now + ARGV[3], ARGV[2]))
    ids[#ids + 1] = id
  end
end
return ids
