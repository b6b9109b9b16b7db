SELECT
    month, days, mrr / 1e9 AS mrr_usd, paid_users, arpu / 1e9 AS arpu_usd,
    revenue / 1e9 AS revenue_usd, ai / 1e9 AS ai_usd, infrastructure / 1e9 AS infrastructure_usd, support / 1e9 AS support_usd,
    costs / 1e9 AS costs_usd, profit / 1e9 AS profit_usd, gross_margin, profit_per_user / 1e9 AS profit_per_user_usd
FROM bi_business_monthly
ORDER BY month
