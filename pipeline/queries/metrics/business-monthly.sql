SELECT toString(bi_business_monthly.month) AS month, days, mrr, paid_users AS paidUsers, active_30 AS active30, arpu, revenue, ai, infrastructure, support, costs,
    profit, gross_margin AS grossMargin, profit_per_user AS profitPerUser
FROM bi_business_monthly WHERE bi_business_monthly.month BETWEEN toStartOfMonth({from:Date}) AND {to:Date}
ORDER BY month
