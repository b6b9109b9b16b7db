-- Requests as the counterfactual replay reads them, oldest first: of the latest ones as many as are asked for. Nano-dollars,
-- milliseconds; rating: 0 = nobody has rated the answer.
SELECT
    toUnixTimestamp64Milli(past.ts) AS ts,
    past.user_id AS user_id, tier, feature, requested_model, needs, provider,
    if(empty(attempts), provider, attempts[1].provider) AS first_provider,
    route_reason, outcome, denial_reason,
    toFloat64(past.latency_ms) AS latency_ms,
    input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost, cache_saved, source,
    toFloat64(rated.stars) AS rating
FROM
(
    SELECT *
    FROM request_events FINAL
    WHERE request_events.ts >= fromUnixTimestamp64Milli({from:Int64}) AND request_events.ts < fromUnixTimestamp64Milli({until:Int64})
        AND outcome != 'orphaned'
    ORDER BY request_events.ts DESC
    LIMIT {limit:UInt32}
) AS past
LEFT JOIN
(
    SELECT request_id, user_id, argMax(rating, feedback_events.ts) AS stars
    FROM feedback_events FINAL
    WHERE feedback_events.ts >= fromUnixTimestamp64Milli({from:Int64})
    GROUP BY request_id, user_id
) AS rated ON rated.request_id = past.request_id AND rated.user_id = past.user_id
ORDER BY past.ts
