-- Tiers by day. users: in the tier at the end of the day; active, active_30: those of them with a request on the day and in the 30 days up
-- to it; requests: count, of users in the tier when they asked; engagement: requests an active user and day; stickiness: active / active_30; revenue: nano-dollars, the
-- day's part of the month's price of all users; cost: nano-dollars of AI. Rates are NULL without active users.
SELECT
    day, tier,
    users,
    activity.active AS active, activity.active_30 AS active_30,
    asked.requests AS requests,
    if(activity.active = 0, NULL, asked.requests / activity.active) AS engagement,
    if(activity.active_30 = 0, NULL, activity.active / activity.active_30) AS stickiness,
    intDiv(greatest(users, 0) * monthly_price, toDayOfMonth(toLastDayOfMonth(day))) AS revenue,
    asked.cost AS cost
FROM priced_subscriptions
LEFT JOIN (SELECT day, tier, active, active_30 FROM activity_by_day WHERE tier != '') AS activity USING (day, tier)
LEFT JOIN
(
    SELECT day, tier, sum(requests_by_hour.requests) AS requests, sum(requests_by_hour.cost) AS cost
    FROM requests_by_hour GROUP BY day, tier
) AS asked USING (day, tier)
ORDER BY day, tier
