-- Has the days made anew in which the user was active: who was active when is told by user.
INSERT INTO arrivals
SELECT 'requests' AS topic, toStartOfFifteenMinutes(ts) AS quarter, now64(3)
FROM request_events
WHERE has({pseudonyms:Array(String)}, user_id)
GROUP BY quarter
