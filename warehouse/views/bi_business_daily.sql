-- The business by day; money in nano-dollars. mrr: sum of the monthly prices of all users at the end of the day; revenue: the day's part
-- of it; ai, infrastructure, support, costs: of the day; *_30: over the 30 days up to it; arpu: mrr / users active in 30 days;
-- gross_margin: (revenue_30 - costs_30) / revenue_30; profit_per_user: (revenue_30 - costs_30) / active users; clv: arpu x margin / monthly
-- subscription churn, at most 36 months of arpu x margin; clv_basis: churn, capped, or few-cancellations (under 5 in the 30
-- days: take it as a guess). NULL: no revenue, no users or no churn to divide by.
SELECT
    *,
    if(active_30 = 0, NULL, mrr / active_30) AS arpu,
    if(revenue_30 = 0, NULL, (revenue_30 - costs_30) / revenue_30) AS gross_margin,
    if(active_30 = 0, NULL, (revenue_30 - costs_30) / active_30) AS profit_per_user,
    arpu * gross_margin * least(36, if(ifNull(subscription_churn, 0) = 0, 36, 1 / subscription_churn)) AS clv,
    multiIf(cancellations_30 < 5, 'few-cancellations', 1 / subscription_churn > 36, 'capped', 'churn') AS clv_basis
FROM
(
    SELECT
        day, mrr, revenue,
        costs.ai AS ai, costs.infrastructure AS infrastructure, costs.support AS support, costs.total AS costs,
        users.paid_users AS paid_users, users.active_30 AS active_30,
        users.cancellations_30 AS cancellations_30, users.subscription_churn AS subscription_churn,
        sum(revenue) OVER last_30 AS revenue_30,
        sum(ai) OVER last_30 AS ai_30,
        sum(costs) OVER last_30 AS costs_30
    FROM
    (
        SELECT day, sum(price) AS mrr, intDiv(mrr, toDayOfMonth(toLastDayOfMonth(day))) AS revenue
        FROM (SELECT day, toInt64(users * monthly_price) AS price FROM priced_subscriptions)
        GROUP BY day
    ) AS paid
    LEFT JOIN (SELECT * FROM bi_costs_daily) AS costs USING (day)
    LEFT JOIN (SELECT day, paid_users, active_30, cancellations_30, subscription_churn FROM bi_users_daily) AS users USING (day)
    WINDOW last_30 AS (ORDER BY day ROWS BETWEEN 29 PRECEDING AND CURRENT ROW)
)
ORDER BY day
