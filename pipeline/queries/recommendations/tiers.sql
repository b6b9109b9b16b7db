-- Each tier over the last 30 complete days. active_users: with a request in these days; limited_users: of them, those whom a limit of
-- the tier has refused at least once; revenue, cost: nano-dollars.
SELECT tier, sum(n_active) AS active_users, sum(n_limited) AS limited_users, sum(nano_revenue) AS revenue, sum(nano_cost) AS cost
FROM
(
    SELECT
        tier,
        uniqExact(user_id) AS n_active,
        uniqExactIf(user_id, denial_reason IN ('daily_requests_exceeded', 'weekly_budget_exceeded', 'monthly_budget_exceeded')) AS n_limited,
        toInt64(0) AS nano_revenue,
        toInt64(sum(request_events.cost)) AS nano_cost
    FROM request_events FINAL
    WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64}) AND user_id != '' AND tier != ''
    GROUP BY tier
    UNION ALL
    SELECT tier, 0, 0, toInt64(sum(bi_users_by_tier.revenue)), toInt64(0)
    FROM bi_users_by_tier
    WHERE day >= {today:Date} - 30 AND day < {today:Date}
    GROUP BY tier
)
GROUP BY tier
ORDER BY tier
