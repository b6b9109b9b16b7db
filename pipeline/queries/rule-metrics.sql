-- What rules need and bi_realtime does not hold, one row. NULL = not known: too few values, no forecast.
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
    ) AS forecast_week_spend
