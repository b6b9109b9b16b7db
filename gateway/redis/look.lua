-- KEYS: 1 the epoch, 2 the gateway's mark, 3 what is to be known of the last rebuild
-- ARGV: 1 the epoch and 2 the mark that the gateway knows, 3 how long a mark stays that nobody looks at (ms)
-- Answers 'same', 'newer' or 'lost', then the epoch, the mark, and the text of the last rebuild ("" where there is none).
local state = lineage(KEYS[1], KEYS[2], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
local epoch = tonumber(redis.call('GET', KEYS[1]) or 0) or 0
return { state, string.format('%.0f', epoch), redis.call('GET', KEYS[2]) or '0', redis.call('GET', KEYS[3]) or '' }
