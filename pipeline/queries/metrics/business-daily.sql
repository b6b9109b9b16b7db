SELECT toString(bi_business_daily.day) AS day, mrr, revenue, ai, infrastructure, support, costs, paid_users AS paidUsers, active_30 AS active30, arpu,
    gross_margin AS grossMargin, profit_per_user AS profitPerUser, subscription_churn AS subscriptionChurn, clv, clv_basis AS clvBasis
FROM bi_business_daily WHERE bi_business_daily.day BETWEEN {from:Date} AND {to:Date}
ORDER BY day
