-- What rules need and bi_realtime does not hold, one row. NULL = not known: too few values, no forecast, nobody looked.
WITH
    (
        SELECT count() > 0 FROM job_runs FINAL
        WHERE job = 'detect-anomalies' AND status = 'ok' AND due_at > now64(3) - INTERVAL 2 HOUR
    ) AS has_looked,
    (
        SELECT (maxIf(score, metric IN ('spend', 'request-cost')), maxIf(score, metric = 'requests'), maxIf(score, metric = 'error-rate'), maxIf(score, metric = 'latency'))
        FROM anomalies FINAL WHERE is_open AND from_ts > now64(3) - INTERVAL 10 DAY
    ) AS unusual
SELECT
    hour.cacheable AS cacheable,
    hour.cache_hits AS cache_hits,
    hour.answered AS answered,
    hour.nano_cost AS nano_cost,
    hour.nano_cost_squares AS nano_cost_squares,
    recent.timed AS timed,
    if(timed = 0, NULL, recent.sorted_ms[1 + least(timed - 1, toUInt64(floor(0.95 * timed)))]) AS p95_ms,
    -- Order statistics that hold the 95th percentile between them with 95 % certainty.
    if(timed = 0, NULL, recent.sorted_ms[toUInt64(greatest(1, floor(0.95 * timed - 1.96 * sqrt(0.0475 * timed))))]) AS p95_low_ms,
    if(timed = 0, NULL, recent.sorted_ms[least(timed, toUInt64(ceil(0.95 * timed + 1.96 * sqrt(0.0475 * timed))))]) AS p95_high_ms,
    (
        SELECT if(count() != 7, NULL, sum(point))
        FROM forecasts FINAL
        WHERE series = 'daily_spend' AND scenario = 'expected' AND horizon_days BETWEEN 1 AND 7
            AND made_at > now64(3) - INTERVAL 2 DAY
            AND run_id =
            (
                SELECT argMax(run_id, made_at) FROM forecasts WHERE series = 'daily_spend' AND scenario = 'expected'
            )
    ) AS forecast_week_spend,
    if(has_looked, unusual.1, NULL) AS anomaly_spend,
    if(has_looked, unusual.2, NULL) AS anomaly_requests,
    if(has_looked, unusual.3, NULL) AS anomaly_error_rate,
    if(has_looked, unusual.4, NULL) AS anomaly_latency
FROM
(
    SELECT
        countIf(outcome IN ('ok', 'cached') AND feature IN {cached_features:Array(String)}) AS cacheable,
        countIf(outcome = 'cached' AND feature IN {cached_features:Array(String)}) AS cache_hits,
        countIf(outcome IN ('ok', 'cached')) AS answered,
        sum(cost) AS nano_cost,
        sum(toFloat64(cost) * toFloat64(cost)) AS nano_cost_squares
    FROM request_events FINAL
    WHERE ts > now64(3) - INTERVAL 1 HOUR
) AS hour
CROSS JOIN
(
    SELECT count() AS timed, arraySort(groupArray(toFloat64(latency_ms))) AS sorted_ms
    FROM request_events FINAL
    WHERE ts > now64(3) - INTERVAL 5 MINUTE AND outcome = 'ok'
) AS recent
