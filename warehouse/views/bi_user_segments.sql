-- Users by how often they come, over the last 28 complete days. segment: daily (a request on at least 20 days), regular (8 to 19),
-- occasional (2 to 7), once (1), away (none, but known); tier: at the last request, of those away ''; users, requests: counts;
-- cost: nano-dollars; share: of all users.
WITH
    coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone,
    toDate(now(), zone) - 28 AS first_day,
    toDate(now(), zone) - 1 AS last_day
SELECT
    segment, tier, n_users AS users, n_requests AS requests, nano AS cost,
    if(sum(n_users) OVER () = 0, NULL, n_users / sum(n_users) OVER ()) AS share
FROM
(
    SELECT
        multiIf(days >= 20, 'daily', days >= 8, 'regular', days >= 2, 'occasional', 'once') AS segment, last_tier AS tier,
        toInt64(count()) AS n_users, sum(user_requests) AS n_requests, sum(user_cost) AS nano
    FROM
    (
        SELECT user_id, uniqExact(day) AS days, argMax(users_by_day.tier, day) AS last_tier, sum(requests) AS user_requests, sum(users_by_day.cost) AS user_cost
        FROM users_by_day WHERE day BETWEEN first_day AND last_day AND user_id != '' GROUP BY user_id
    )
    GROUP BY segment, tier
    UNION ALL
    SELECT
        'away' AS segment, '' AS tier,
        greatest(0, (SELECT toInt64(sum(users)) FROM subscriptions_by_day WHERE day = last_day)
            - (SELECT toInt64(uniqExact(user_id)) FROM users_by_day WHERE day BETWEEN first_day AND last_day AND user_id != '')) AS n_users,
        toUInt64(0) AS n_requests, toUInt64(0) AS nano
)
ORDER BY segment = 'away', segment != 'daily', segment != 'regular', segment != 'occasional', tier
