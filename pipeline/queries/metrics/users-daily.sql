SELECT toString(day) AS day, total_users AS totalUsers, new_users AS newUsers, active, active_7 AS active7, active_30 AS active30,
    churn_rate AS churnRate, paid_users AS paidUsers, upgrades, cancellations, subscription_churn AS subscriptionChurn
FROM bi_users_daily WHERE bi_users_daily.day BETWEEN {from:Date} AND {to:Date}
ORDER BY day
