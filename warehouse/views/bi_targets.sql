-- The product's targets over the last 30 complete days, one row each. value, goal: in unit (usd, share, ms or rating); met: 1 or 0; NULL:
-- not known. cost-per-active-user: AI cost a month and active user; cost-reduction: 1 - cost / baseline (bi_baseline_daily).
WITH
    coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone,
    toDate(now(), zone) - 30 AS first_day,
    toDate(now(), zone) - 1 AS last_day,
    (
        SELECT if(sum(minutes) = 0, NULL, sum(minutes_up) / sum(minutes)) FROM minutes_by_day WHERE day BETWEEN first_day AND last_day
    ) AS uptime,
    (
        SELECT if(sum(ratings) < 5, NULL, sum(rating_sum) / sum(ratings)) FROM ratings_by_day WHERE day BETWEEN first_day AND last_day
    ) AS satisfaction,
    (
        SELECT if(sum(answers) = 0, NULL, quantilesTDigestMerge(0.5, 0.95, 0.99)(latency)[2])
        FROM latency_by_day WHERE day BETWEEN first_day AND last_day
    ) AS p95_ms,
    (
        SELECT if(sum(baseline) = 0, NULL, 1 - sum(cost) / sum(baseline))
        FROM bi_baseline_daily WHERE day BETWEEN first_day AND last_day
    ) AS reduction,
    (
        SELECT tuple(if(any(active_30) = 0, NULL, any(ai_30) / any(active_30) / 1e9), any(gross_margin))
        FROM bi_business_daily WHERE day = last_day
    ) AS business
SELECT target, value, goal, unit, if(at_most, value <= goal, value >= goal) AS met
FROM
(
    SELECT row.1 AS target, row.2 AS value, row.3 AS goal, row.4 AS unit, row.5 AS at_most
    FROM
    (
        SELECT arrayJoin([
            ('cost-per-active-user', CAST(business.1, 'Nullable(Float64)'), 1.5, 'usd', true),
            ('cost-reduction', CAST(reduction, 'Nullable(Float64)'), 0.6, 'share', false),
            ('uptime', CAST(uptime, 'Nullable(Float64)'), 0.995, 'share', false),
            ('response-time', CAST(p95_ms, 'Nullable(Float64)'), 2000., 'ms', true),
            ('satisfaction', CAST(satisfaction, 'Nullable(Float64)'), 4.2, 'rating', false),
            ('margin', CAST(business.2, 'Nullable(Float64)'), 0.7, 'share', false)]) AS row
    )
)
ORDER BY target
