-- What the cache did for features that the catalog caches, from a day to a day (both included), by grain: day, week, month or total;
-- feature '': all of them together. cacheable: requests answered; hits: of them, from the cache; hit_rate: hits / cacheable; saved:
-- nano-dollars of the calls avoided; median_*_ms: milliseconds, within 2 %; improvement_ms: median of a miss - median of a hit of the
-- same feature (all together: the mean of the features', weighted by hits), NULL where there are no hits or no misses; saved_ms: by how
-- many milliseconds all hits together came sooner than their answers had when they were made, each measured by itself.
WITH
    (SELECT JSONExtract(any(value), 'Array(String)') FROM settings FINAL WHERE key = 'cached_features') AS cached_features,
    by_feature AS
    (
        SELECT multiIf({grain:String} = 'week', toMonday(day), {grain:String} = 'month', toStartOfMonth(day), {grain:String} = 'total', {from:Date}, day) AS period, feature,
            sum(answers) AS n, sumIf(answers, cached) AS n_hits,
            if(n_hits = 0, NULL, quantilesTDigestMergeIf(0.5, 0.95, 0.99)(latency, cached)[1]) AS hit_ms,
            if(n_hits = n, NULL, quantilesTDigestMergeIf(0.5, 0.95, 0.99)(latency, NOT cached)[1]) AS miss_ms
        FROM latency_by_day
        WHERE day BETWEEN {from:Date} AND {to:Date} AND has(cached_features, feature)
        GROUP BY period, feature
    ),
    saved_by_feature AS
    (
        SELECT multiIf({grain:String} = 'week', toMonday(day), {grain:String} = 'month', toStartOfMonth(day), {grain:String} = 'total', {from:Date}, day) AS period, feature, sum(cache_saved) AS nano, sum(cache_saved_ms) AS sooner_ms
        FROM requests_by_hour
        WHERE day BETWEEN {from:Date} AND {to:Date} AND has(cached_features, feature)
        GROUP BY period, feature
    ),
    joined AS
    (
        SELECT period, feature, n, n_hits, nano, sooner_ms, hit_ms, miss_ms, miss_ms - hit_ms AS gain_ms
        FROM by_feature LEFT JOIN saved_by_feature USING (period, feature)
    )
SELECT
    period, row.1 AS feature, row.2 AS cacheable, row.3 AS hits, row.3 / row.2 AS hit_rate, row.4 AS saved,
    row.5 AS median_hit_ms, row.6 AS median_miss_ms, row.7 AS improvement_ms,
    row.8 AS saved_ms
FROM
(
    SELECT period, arrayPushFront(
        groupArray((toString(feature), n, n_hits, nano, hit_ms, miss_ms, gain_ms, sooner_ms)),
        ('', sum(n), sum(n_hits), sum(nano), CAST(NULL, 'Nullable(Float32)'), CAST(NULL, 'Nullable(Float32)'),
            if(sumIf(n_hits, gain_ms IS NOT NULL) = 0, NULL, sum(gain_ms * n_hits) / sumIf(n_hits, gain_ms IS NOT NULL)), sum(sooner_ms))) AS rows
    FROM joined GROUP BY period
)
ARRAY JOIN rows AS row
ORDER BY period, feature
