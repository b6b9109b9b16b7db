WITH (SELECT today FROM bi_overview) AS today
SELECT
    day, today - day AS days_ago, tier, users, active, active_30, requests, engagement, stickiness,
    revenue / 1e9 AS revenue_usd, cost / 1e9 AS cost_usd
FROM bi_users_by_tier
WHERE tier != '' AND day < today AND day >= today - 400
ORDER BY day, tier
