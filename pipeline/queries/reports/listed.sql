-- How many providers and tiers the reports can list: the last 30 complete days of the one, the last complete day of the other.
WITH (SELECT today FROM bi_overview) AS today
SELECT
    (SELECT uniqExact(provider) FROM bi_performance_providers WHERE day < today AND day >= today - 30) AS providers,
    (SELECT uniqExact(tier) FROM bi_users_by_tier WHERE tier != '' AND day < today) AS tiers
