SELECT made_at, kind, subject, advice, confidence, saved_in_30_days / 1e9 AS saved_usd
FROM bi_recommendations
