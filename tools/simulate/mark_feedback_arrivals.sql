INSERT INTO arrivals SELECT 'feedback' AS topic, toStartOfFifteenMinutes(ts) AS quarter, max(ingested_at)
FROM feedback_events GROUP BY quarter
