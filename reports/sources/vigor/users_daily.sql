WITH (SELECT today FROM bi_overview) AS today
SELECT day, today - day AS days_ago, total_users, new_users, active, active_7, active_30, churn_rate, paid_users, upgrades, cancellations, subscription_churn
FROM bi_users_daily
WHERE day < today AND day >= today - 400
ORDER BY day
