WITH (SELECT today FROM bi_overview) AS today
SELECT day, today - day AS days_ago, provider, answers, cut_off, empty, refused, filtered, invalid_json, asked_again
FROM bi_quality
WHERE day < today AND day >= today - 120 AND answers > 0
ORDER BY day, provider
