-- Reservations of a gateway that lives expire later; those that have ended meanwhile do not come back.
-- KEYS: 1 open reservations, 2 claims on expired ones
-- ARGV: 1 expires at (ms), 2.. ids
for at = 2, #ARGV do
  redis.call('ZADD', KEYS[1], 'XX', ARGV[1], ARGV[at])
  redis.call('HDEL', KEYS[2], ARGV[at])
end
return 1
