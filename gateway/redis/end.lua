-- Ends a reservation: what was reserved is replaced by what was used (nothing, when it is released).
-- KEYS: 1 open reservations, 2 the reservation, 3 claims on expired ones, 4.. a counter for each charge
-- ARGV: 1 id, then for each charge: minus the reserved amount, the used amount, the counter's own expiry (ms, "0" = never)
-- Answers 1, or 0 when there is no such reservation (any more): then nothing is changed.
if redis.call('DEL', KEYS[2]) == 0 then
  return 0
end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
for at = 4, #KEYS do
  local key, first = KEYS[at], 3 * at - 10
  local left = redis.call('HINCRBY', key, 'r', ARGV[first])
  if ARGV[first + 1] ~= '0' then
    redis.call('HINCRBY', key, 'u', ARGV[first + 1])
  end
  -- Its window was over and it had expired: it does not come back to stay.
  if left < 0 and ARGV[first + 2] ~= '0' then
    redis.call('PEXPIREAT', key, ARGV[first + 2])
  end
end
return 1
