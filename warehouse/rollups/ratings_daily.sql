-- What users thought on some days, by the provider, tier and feature of the answers; which ratings count: see counted_ratings.
INSERT INTO rollup_ratings_daily
SELECT
    toDate(counted_ratings.ts, {zone:String}) AS day,
    provider,
    tier,
    feature,
    {version:UInt64} AS version,
    count() AS ratings,
    sum(rating) AS rating_sum
FROM counted_ratings(from = {from:Int64}, to = {to:Int64})
GROUP BY day, provider, tier, feature
