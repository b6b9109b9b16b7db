SELECT toString(bi_users_by_tier.day) AS day, tier, users, active, active_30 AS active30, requests, engagement, stickiness, revenue, cost
FROM bi_users_by_tier WHERE bi_users_by_tier.day BETWEEN {from:Date} AND {to:Date}
ORDER BY day, tier
