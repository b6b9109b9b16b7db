-- Requests and money by calendar day, in the catalog's time zone. Days without requests have no row.
WITH coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone
SELECT
    toDate(ts, zone) AS day,
    count() AS requests,
    countIf(outcome IN ('ok', 'cached')) AS ok,
    countIf(outcome = 'cached') AS cached,
    countIf(outcome = 'denied') AS denied,
    countIf(outcome = 'failed') AS failed,
    countIf(outcome = 'aborted') AS aborted,
    countIf(outcome = 'orphaned') AS orphaned,
    uniqExactIf(user_id, user_id != '') AS users,
    sum(cost) AS cost,
    sum(cache_saved) AS cache_saved
FROM request_events FINAL
GROUP BY day
ORDER BY day
