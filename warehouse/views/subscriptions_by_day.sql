-- Users by tier at the end of each day; see rollup_subscriptions_daily.
SELECT
    day, tier,
    sum(rollup_subscriptions_daily.users) AS users,
    sum(rollup_subscriptions_daily.new_users) AS new_users,
    sum(rollup_subscriptions_daily.upgrades) AS upgrades,
    sum(rollup_subscriptions_daily.cancellations) AS cancellations
FROM rollup_subscriptions_daily
WHERE version = (SELECT max(latest) FROM current_builds WHERE name = 'subscriptions')
GROUP BY day, tier
