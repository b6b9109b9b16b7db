-- A while and the same hours of the 28 days before, in total and by provider, tier, feature and country. is_now: 1 = the while itself,
-- 0 = all of the days before together, of which `whiles` had a request. tokens: all kinds; users: counted once a while.
SELECT
    grouping.1 AS dimension,
    grouping.2 AS part,
    ts >= fromUnixTimestamp64Milli({from:Int64}) AS is_now,
    uniqExact(floor((toUnixTimestamp64Milli(ts) - {from:Int64}) / {step:Int64})) AS whiles,
    uniqExact(user_id, floor((toUnixTimestamp64Milli(ts) - {from:Int64}) / {step:Int64})) AS users,
    count() AS requests,
    sum(cost) AS spend,
    countIf(result IN ('ok', 'cached', 'failed', 'aborted')) AS served,
    countIf(result = 'failed') AS failed,
    countIf(outcome = 'ok') AS answers,
    sumIf(toFloat64(latency_ms), outcome = 'ok') AS latency,
    sum(input_tokens + cached_input_tokens + output_tokens + reasoning_tokens) AS tokens
FROM request_events FINAL
ARRAY JOIN [('total', ''), ('provider', provider), ('tier', tier), ('feature', feature), ('country', country)] AS grouping
WHERE ts >= fromUnixTimestamp64Milli({from:Int64} - 28 * 86400000) AND ts < fromUnixTimestamp64Milli({to:Int64})
    AND positiveModulo(toUnixTimestamp64Milli(ts) - {from:Int64}, {step:Int64}) < {to:Int64} - {from:Int64}
GROUP BY dimension, part, is_now
SETTINGS do_not_merge_across_partitions_select_final = 1
