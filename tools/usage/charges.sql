-- Each request of a user that was charged (or refused, when asked for), the latest first.
SELECT
    toUnixTimestamp64Milli(e.ts) AS ts,
    toString(e.request_id) AS requestId,
    e.tier AS tier,
    e.provider AS provider,
    toFloat64(e.input_tokens) AS inputTokens,
    toFloat64(e.cached_input_tokens) AS cachedInputTokens,
    toFloat64(e.output_tokens + e.reasoning_tokens) AS outputTokens,
    toFloat64(e.cost) AS costNano,
    e.outcome AS outcome,
    e.denial_reason AS reason,
    length(e.attempts) AS attempts
FROM request_events AS e FINAL
WHERE e.user_id = {user:String} AND ({denied:UInt8} OR e.outcome != 'denied')
ORDER BY e.ts DESC, e.request_id DESC
LIMIT {limit:UInt32}
