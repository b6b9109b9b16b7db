-- Users by day. total_users: known at the end of the day; new_users: met for the first time; active, active_7, active_30: of them, with a
-- request on the day, in 7 and in 30 days up to it; churn_rate: users active in the 30 days before the last 30 but not in the last 30 / users
-- active in those; paid_users: at the end of the day in a tier that costs something; upgrades, cancellations: into and out of
-- such tiers; subscription_churn: cancellations in 30 days / paid users at their start. Rates are NULL without a base.
SELECT
    day,
    total_users, new_users,
    activity.active AS active, activity.active_7 AS active_7, activity.active_30 AS active_30,
    activity.formerly_active AS formerly_active, activity.lost AS lost,
    if(activity.formerly_active = 0, NULL, activity.lost / activity.formerly_active) AS churn_rate,
    paid_users, upgrades, cancellations, cancellations_30, paid_users_before,
    if(paid_users_before <= 0, NULL, cancellations_30 / paid_users_before) AS subscription_churn
FROM
(
    SELECT
        day,
        sum(users) AS total_users,
        sum(subscriptions.new_users) AS new_users,
        sumIf(users, price > 0) AS paid_users,
        sum(subscriptions.upgrades) AS upgrades,
        sum(subscriptions.cancellations) AS cancellations,
        sum(cancellations) OVER (ORDER BY day ROWS BETWEEN 29 PRECEDING AND CURRENT ROW) AS cancellations_30,
        lagInFrame(paid_users, 30, 0) OVER (ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS paid_users_before
    FROM
    (
        SELECT day, tier, users, new_users, upgrades, cancellations, monthly_price AS price FROM priced_subscriptions
    ) AS subscriptions
    GROUP BY day
) AS known
LEFT JOIN (SELECT * FROM activity_by_day WHERE tier = '') AS activity USING (day)
ORDER BY day
