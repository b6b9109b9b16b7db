-- The requests of the last 30 complete days, those that the latest forecast expects of the next 30, and what has been spent since `week`
-- (a day) until yesterday, in nano-dollars. NULL: no forecast.
SELECT
    (
        SELECT toInt64(sum(requests)) FROM bi_spend_daily WHERE day >= {today:Date} - 30 AND day < {today:Date}
    ) AS requests_before,
    (
        SELECT if(count() < 30, NULL, sum(point)) FROM forecasts FINAL
        WHERE series = 'daily_requests' AND scenario = 'expected' AND horizon_days BETWEEN 1 AND 30
            AND run_id = (SELECT argMax(run_id, made_at) FROM forecasts WHERE series = 'daily_requests' AND scenario = 'expected')
    ) AS requests_ahead,
    (
        SELECT toInt64(sum(cost)) FROM bi_spend_daily WHERE day >= {week:Date} AND day < {today:Date}
    ) AS spent_this_week
