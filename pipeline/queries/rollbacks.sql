-- When a directive of each rule was last rolled back; that somebody stopped the whole automation says nothing of a rule.
SELECT rule, toUnixTimestamp64Milli(max(verified_at)) AS rolled_back_at
FROM decisions FINAL
WHERE verdict = 'rolled-back' AND verified_at > fromUnixTimestamp64Milli({since:Int64}) AND revoke_reason != {stopped:String}
GROUP BY rule
