-- What became of the requests of a span: of the users whose bucket is below the share, and of the others. Nano-dollars,
-- milliseconds. A group without a request or rating has no row. The tier's own refusals apart; tier: empty = all.
SELECT
    CAST(tried, 'Bool') AS tried,
    sum(request) AS requests,
    sum(was_denied) AS denied,
    sum(was_failed) AS failed,
    sum(of_tier) AS tier_requests,
    sum(of_tier AND was_denied) AS tier_denied,
    sum(was_answered) AS answered,
    sum(was_cached) AS cached,
    sum(nano_cost) AS cost,
    sum(toFloat64(nano_cost) * toFloat64(nano_cost) * was_answered) AS cost_squares,
    sum(was_timed) AS timed,
    sum(ms * was_timed) AS latency_ms,
    sum(ms * ms * was_timed) AS latency_squares,
    sum(rated) AS raters,
    sum(stars) AS star_sum
FROM
(
    SELECT
        murmurHash3_32(user_id) < {share:Float64} * 4294967296 AS tried,
        1 AS request,
        outcome = 'denied' AS was_denied,
        result = 'failed' AS was_failed,
        {tier:String} IN ('', tier) AS of_tier,
        outcome = 'cached' AS was_cached,
        outcome IN ('ok', 'cached', 'aborted') AS was_answered,
        toUInt64(cost) AS nano_cost,
        outcome = 'ok' AS was_timed,
        toFloat64(latency_ms) AS ms,
        0 AS rated,
        toFloat64(0) AS stars
    FROM request_events FINAL
    WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({until:Int64})
    UNION ALL
    -- Each user counts once, with the mean of what they gave: one who rates often says no more than another.
    SELECT murmurHash3_32(user_id) < {share:Float64} * 4294967296, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, avg(rating)
    FROM counted_ratings(from = {from:Int64}, to = {until:Int64})
    GROUP BY user_id
)
GROUP BY tried
