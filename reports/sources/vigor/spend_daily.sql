-- Complete days only: a day that is not over would look like a fall.
WITH (SELECT today FROM bi_overview) AS today
SELECT
    day, today - day AS days_ago, requests, ok, cached, denied, failed, users,
    cost / 1e9 AS cost_usd,
    cache_saved / 1e9 AS cache_saved_usd,
    if(ok = 0, NULL, cost_usd / ok) AS cost_per_answer_usd
FROM bi_spend_daily
WHERE day < today AND day >= today - 400
ORDER BY day
