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
    (
        SELECT if(count() < 20, NULL, countIf(outcome = 'cached') / count())
        FROM request_events FINAL
        WHERE ts > now64(3) - INTERVAL 1 HOUR AND outcome IN ('ok', 'cached') AND feature IN {cached_features:Array(String)}
    ) AS cache_hit_rate,
    (
        SELECT if(count() < 5, NULL, toFloat64(quantileExact(0.95)(latency_ms)))
        FROM request_events FINAL
        WHERE ts > now64(3) - INTERVAL 5 MINUTE AND outcome = 'ok'
    ) AS response_time_ms,
    (
        SELECT if(count() < 5, NULL, avg(rating))
        FROM feedback_events FINAL
        WHERE ts > now64(3) - INTERVAL 7 DAY
    ) AS user_satisfaction,
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
