INSERT INTO arrivals SELECT 'requests' AS topic, toStartOfFifteenMinutes(ts) AS quarter, max(ingested_at)
FROM request_events GROUP BY quarter
