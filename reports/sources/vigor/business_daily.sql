WITH (SELECT today FROM bi_overview) AS today
SELECT
    day, mrr / 1e9 AS mrr_usd, revenue / 1e9 AS revenue_usd,
    ai / 1e9 AS ai_usd, infrastructure / 1e9 AS infrastructure_usd, support / 1e9 AS support_usd, costs / 1e9 AS costs_usd,
    paid_users, active_30, subscription_churn,
    arpu / 1e9 AS arpu_usd, gross_margin, profit_per_user / 1e9 AS profit_per_user_usd, clv / 1e9 AS clv_usd,
    multiIf(clv_basis = 'few-cancellations', 'a guess: fewer than 5 cancellations in 30 days', clv_basis = 'capped', 'capped at 36 months', 'from the churn of 30 days') AS clv_basis
FROM bi_business_daily
WHERE day < today AND day >= today - 400
ORDER BY day
