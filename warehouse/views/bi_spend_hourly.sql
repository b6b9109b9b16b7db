-- Requests and money by hour (UTC instant of its start), provider and tier. provider is empty where none was called.
SELECT
    toStartOfHour(ts) AS hour,
    provider,
    tier,
    count() AS requests,
    countIf(outcome IN ('ok', 'cached')) AS ok,
    countIf(outcome = 'denied') AS denied,
    countIf(outcome = 'failed') AS failed,
    sum(cost) AS cost,
    sum(cache_saved) AS cache_saved
FROM request_events FINAL
GROUP BY hour, provider, tier
ORDER BY hour, provider, tier
