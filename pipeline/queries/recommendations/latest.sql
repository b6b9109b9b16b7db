-- The newest run's advice, the largest saving first. Money in nano-dollars.
SELECT
    toUnixTimestamp64Milli(bi_recommendations.made_at) AS made_at,
    kind, subject, advice, confidence, saved_in_30_days, evidence
FROM bi_recommendations
