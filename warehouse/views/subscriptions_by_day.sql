-- Users by tier at the end of each day; see rollup_subscriptions_daily.
SELECT * EXCEPT version
FROM rollup_subscriptions_daily
WHERE version = (SELECT max(latest) FROM current_builds WHERE name = 'subscriptions')
