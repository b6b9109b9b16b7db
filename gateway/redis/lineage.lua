-- Stands before the other scripts. README.md has the protocol.
-- Says whether these counters are those that the gateway knows, with all that it was ever told of: 'same'; or
-- 'newer': they were rebuilt since, which the gateway has to look at first; or 'lost': they are gone, or older than they were.
-- Older ones are given up here, for all gateways.
local function lineage(epoch_key, mark_key, known_epoch, known_mark)
  local text = redis.call('GET', epoch_key)
  if not text then
    return 'lost'
  end
  -- Earlier versions wrote a name instead of a number: older than every rebuild.
  local epoch = tonumber(text) or 0
  if epoch > tonumber(known_epoch) then
    return 'newer'
  end
  if epoch < tonumber(known_epoch) or tonumber(redis.call('GET', mark_key) or 0) < tonumber(known_mark) then
    redis.call('DEL', epoch_key)
    return 'lost'
  end
  return 'same'
end
local LOST, NEWER = 6, 7

