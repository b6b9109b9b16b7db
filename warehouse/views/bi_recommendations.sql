-- The newest run's advice. made_at: UTC; kind: budget, provider or tier; confidence: 0 to 1; saved_in_30_days: nano-dollars, NULL: it is
-- not about saving; evidence: JSON, the numbers that led to it.
SELECT made_at, kind, subject, advice, confidence, saved_in_30_days, evidence
FROM recommendations FINAL
WHERE run_id = (SELECT argMax(run_id, made_at) FROM recommendations) AND kind != 'none'
ORDER BY saved_in_30_days DESC NULLS LAST, confidence DESC, kind, subject
