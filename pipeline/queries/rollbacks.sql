-- When a directive of each rule was last rolled back.
SELECT rule, toUnixTimestamp64Milli(max(verified_at)) AS rolled_back_at
FROM decisions FINAL
WHERE verdict = 'rolled-back' AND verified_at > fromUnixTimestamp64Milli({since:Int64})
GROUP BY rule
