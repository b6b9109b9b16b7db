-- Ids of reservations that have expired, claimed for one gateway for a while, so that not all gateways record them.
-- KEYS: 1 the epoch, 2 the gateway's mark, 3 open reservations, 4 claims
-- ARGV: 1 the epoch and 2 the mark that the gateway knows, 3 expired at or before (ms), 4 the gateway,
--       5 how long a claim lasts (ms), 6 most ids
-- None while counters are lost: whether the log has a request is found out when they are rebuilt.
if lineage(KEYS[1], KEYS[2], ARGV[1], ARGV[2]) ~= 'same' then
  return {}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- A gateway whose clock was set forward must not take the others for dead.
local due = math.min(tonumber(ARGV[3]), now)
local ids = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', string.format('%.0f', due), 'LIMIT', 0, ARGV[6])) do
  local claim = redis.call('HGET', KEYS[4], id)
  local till, owner = string.match(claim or '0 ', '^(%d+) (.*)$')
  if owner == ARGV[4] or tonumber(till) <= now then
    redis.call('HSET', KEYS[4], id, string.format('%.0f %s', now + ARGV[5], ARGV[4]))
    ids[#ids + 1] = id
  end
end
return ids
