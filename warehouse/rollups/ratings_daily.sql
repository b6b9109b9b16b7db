-- What users thought on some days. A rating is attributed to the provider, tier and feature of its request when that is at
-- most a week older than the first of the days.
INSERT INTO rollup_ratings_daily
SELECT
    toDate(ts, {zone:String}) AS day,
    rated.provider AS provider,
    rated.tier AS tier,
    rated.feature AS feature,
    {version:UInt64} AS version,
    count() AS ratings,
    sum(rating) AS rating_sum
FROM
(
    SELECT ts, request_id, rating FROM feedback_events FINAL
    WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64})
) AS given
LEFT JOIN
(
    -- Copies of a request agree in these columns, but for an orphaned one that gave way to a real one.
    SELECT request_id, argMax(provider, certainty) AS provider, argMax(tier, certainty) AS tier, argMax(feature, certainty) AS feature
    FROM request_events
    WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) - INTERVAL 7 DAY AND ts < fromUnixTimestamp64Milli({to:Int64})
        AND request_id IN
        (
            SELECT request_id FROM feedback_events
            WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64})
        )
    GROUP BY request_id
) AS rated USING (request_id)
GROUP BY day, provider, tier, feature
