-- The business by calendar month; money in nano-dollars. mrr, paid_users, active_30, arpu: at the end of its last day so far; revenue, ai,
-- infrastructure, support, costs, profit: of its days so far; gross_margin: profit / revenue, NULL without revenue; profit_per_user: profit /
-- users active in the last 30 days, NULL without any; days: how many of its days are in it.
SELECT
    toStartOfMonth(day) AS month,
    count() AS days,
    argMax(daily.mrr, day) AS mrr,
    argMax(daily.paid_users, day) AS paid_users,
    argMax(daily.active_30, day) AS active_30,
    if(active_30 = 0, NULL, mrr / active_30) AS arpu,
    sum(daily.revenue) AS revenue,
    sum(daily.ai) AS ai, sum(daily.infrastructure) AS infrastructure, sum(daily.support) AS support,
    sum(daily.costs) AS costs,
    revenue - costs AS profit,
    if(revenue = 0, NULL, profit / revenue) AS gross_margin,
    if(active_30 = 0, NULL, profit / active_30) AS profit_per_user
FROM bi_business_daily AS daily
GROUP BY month
ORDER BY month
