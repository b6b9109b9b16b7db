-- Requests and money by hour, provider and tier. hour: UTC instant at which the hour starts on the clock of the catalog's time zone;
-- provider: empty where none was called; requests ... orphaned: counts; cost, cache_saved: nano-dollars.
WITH
    coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone,
    (SELECT groupArray(day) FROM stale_days) AS stale
SELECT
    day, hour, provider, tier,
    sum(n_requests) AS requests,
    sum(n_ok) AS ok,
    sum(n_cached) AS cached,
    sum(n_denied) AS denied,
    sum(n_failed) AS failed,
    sum(n_aborted) AS aborted,
    sum(n_orphaned) AS orphaned,
    sum(nano_cost) AS cost,
    sum(nano_saved) AS cache_saved
FROM
(
    SELECT day, hour, provider, tier, requests AS n_requests, ok + cached AS n_ok, cached AS n_cached, denied AS n_denied, failed AS n_failed,
        aborted AS n_aborted, orphaned AS n_orphaned, cost AS nano_cost, cache_saved AS nano_saved
    FROM requests_by_hour WHERE NOT has(stale, day)
    UNION ALL
    SELECT toDate(ts, zone) AS day, toDateTime(toStartOfHour(ts, zone), 'UTC') AS hour, provider, tier, count(), countIf(outcome IN ('ok', 'cached')),
        countIf(outcome = 'cached'), countIf(result = 'denied'), countIf(result = 'failed'), countIf(outcome = 'aborted'),
        countIf(outcome = 'orphaned'), sum(cost), sum(cache_saved)
    FROM request_events FINAL
    WHERE has(stale, toDate(ts, zone)) AND ts >= toDateTime(arrayMin(stale), zone)
    GROUP BY day, hour, provider, tier
)
GROUP BY day, hour, provider, tier
ORDER BY day, hour, provider, tier
