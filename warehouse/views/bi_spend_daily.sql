-- Requests and money by calendar day, in the catalog's time zone. Days without requests have no row. ok includes cached;
-- requests ... users: counts; cost, cache_saved: nano-dollars.
WITH
    coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone,
    (SELECT groupArray(day) FROM stale_days) AS stale
SELECT day, requests, ok, cached, denied, failed, aborted, orphaned, users, cost, cache_saved
FROM
(
    SELECT day, sum(bi_spend_hourly.requests) AS requests, sum(bi_spend_hourly.ok) AS ok, sum(bi_spend_hourly.cached) AS cached,
        sum(bi_spend_hourly.denied) AS denied, sum(bi_spend_hourly.failed) AS failed, sum(bi_spend_hourly.aborted) AS aborted,
        sum(bi_spend_hourly.orphaned) AS orphaned, sum(bi_spend_hourly.cost) AS cost, sum(bi_spend_hourly.cache_saved) AS cache_saved
    FROM bi_spend_hourly GROUP BY day
) AS spent
LEFT JOIN
(
    SELECT day, uniqExact(user_id) AS users FROM users_by_day WHERE NOT has(stale, day) GROUP BY day
    UNION ALL
    SELECT toDate(ts, zone) AS day, uniqExactIf(user_id, user_id != '') AS users
    FROM request_events FINAL
    WHERE has(stale, toDate(ts, zone)) AND ts >= toDateTime(arrayMin(stale), zone)
    GROUP BY day
) AS seen USING (day)
ORDER BY day
