-- What became of the requests to `auto` of a span, by tier, feature, peak hour, the provider that was called first and how likely the
-- routing was to choose it. Burdens in stars: what waiting, money, a failure and a poor answer that nobody has rated take from an
-- answer's value (models/rules/learning). That an answer was asked for again is told by the later request, within a minute of it.
-- Of a feature's answers from a provider, ratings are heard once so many users have rated some: a few who are angry move nothing.
-- What the high load has routed tells of the load, what a client has broken off of the client.
SELECT
    tier, feature, peak, first_provider AS provider, chance AS propensity,
    first_at, requests, cost, input_tokens, output_tokens, burden, burden_squares,
    uniqExactMerge(raters) OVER (PARTITION BY tier, feature, first_provider) >= {min_raters:UInt32} AS is_heard,
    if(is_heard, all_ratings, 0) AS ratings,
    if(is_heard, all_stars, 0) AS stars,
    if(is_heard, all_star_squares, 0) AS star_squares,
    if(is_heard, all_rated_burden, 0) AS rated_burden,
    if(is_heard, all_rated_products, 0) AS rated_products
FROM
(
    SELECT
        tier, feature, peak, first_provider, chance,
        toUnixTimestamp64Milli(min(at)) AS first_at,
        count() AS requests,
        sum(nano_cost) AS cost,
        sum(read_tokens) AS input_tokens,
        sum(written_tokens) AS output_tokens,
        sum(load) AS burden,
        sum(load * load) AS burden_squares,
        uniqExactStateIf(rater, rating > 0) AS raters,
        countIf(rating > 0) AS all_ratings,
        sum(rating) AS all_stars,
        sum(rating * rating) AS all_star_squares,
        sumIf(load, rating > 0) AS all_rated_burden,
        sum(load * rating) AS all_rated_products
    FROM
    (
        SELECT
            tier, feature, past.user_id AS rater,
            has({peak_hours:Array(UInt8)}, toHour(past.ts, {timezone:String})) AS peak,
            toString(attempts[1].provider) AS first_provider,
            round(propensity, 6) AS chance,
            past.ts AS at,
            toUInt64(past.cost) AS nano_cost,
            input_tokens + cached_input_tokens AS read_tokens,
            output_tokens + reasoning_tokens AS written_tokens,
            toFloat64(latency_ms) * {per_ms:Float64} + toFloat64(past.cost) * {per_nano:Float64}
                + if(outcome = 'failed', {per_failure:Float64}, 0)
                + if(rated.stars = 0 AND (cut_off OR past.empty OR refused OR filtered OR invalid_json
                    OR (again.again_at > past.ts AND toUnixTimestamp64Milli(again.again_at) - toUnixTimestamp64Milli(past.ts) < 60000 + latency_ms)),
                    {per_poor:Float64}, 0) AS load,
            rated.stars AS rating
        FROM
        (
            SELECT *
            FROM request_events FINAL
            WHERE request_events.ts >= fromUnixTimestamp64Milli({from:Int64}) AND request_events.ts < fromUnixTimestamp64Milli({until:Int64})
                AND requested_model = 'auto' AND result IN ('ok', 'failed') AND propensity > 0 AND notEmpty(attempts)
                AND feature != '' AND position(route_reason, 'high-load') = 0
        ) AS past
        LEFT JOIN
        (
            SELECT request_id, user_id, toFloat64(argMax(rating, feedback_events.ts)) AS stars
            FROM feedback_events FINAL
            WHERE feedback_events.ts >= fromUnixTimestamp64Milli({from:Int64})
            GROUP BY request_id, user_id
        ) AS rated ON rated.request_id = past.request_id AND rated.user_id = past.user_id
        ASOF LEFT JOIN
        (
            SELECT user_id AS asker, feature AS asked, toString(asked_again_of) AS answerer, ts AS again_at
            FROM request_events FINAL
            WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({until:Int64}) AND asked_again_of != ''
        ) AS again ON again.asker = past.user_id AND again.asked = past.feature AND again.answerer = toString(past.provider) AND again.again_at > past.ts
    )
    GROUP BY tier, feature, peak, first_provider, chance
)
ORDER BY requests DESC
LIMIT 20000
