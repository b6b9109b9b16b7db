SELECT toString(period) AS period, feature, cacheable, hits, hit_rate AS hitRate, saved, median_hit_ms AS medianHitMs,
    median_miss_ms AS medianMissMs, improvement_ms AS improvementMs, saved_ms AS savedMs
FROM bi_cache_over(from = {from:Date}, to = {to:Date}, grain = {grain:String})
ORDER BY period, feature
