-- The last complete day, and the 30 days up to it.
WITH (SELECT max(day) FROM bi_users_by_tier WHERE day < (SELECT today FROM bi_overview)) AS last_day
SELECT
    tier,
    concat('/tiers/', tier) AS link,
    argMax(daily.users, day) AS users,
    argMax(daily.active_30, day) AS active_30,
    avg(daily.stickiness) AS stickiness,
    avg(daily.engagement) AS engagement,
    sum(daily.requests) AS requests,
    sum(daily.revenue) / 1e9 AS revenue_usd,
    sum(daily.cost) / 1e9 AS cost_usd,
    if(active_30 = 0, NULL, cost_usd / active_30) AS cost_per_active_usd,
    if(revenue_usd = 0, NULL, (revenue_usd - cost_usd) / revenue_usd) AS contribution
FROM bi_users_by_tier AS daily
WHERE tier != '' AND day > last_day - 30 AND day <= last_day
GROUP BY tier
ORDER BY revenue_usd, tier
