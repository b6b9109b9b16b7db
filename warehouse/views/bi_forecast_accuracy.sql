-- Past forecasts of totals against what came, one row a measure, day and horizon (1, 7 and 30 days ahead); of several made for a day the
-- first one counts. forecast, lo80, hi80, actual: in unit; inside80: 1 or 0. Only days that are over.
WITH coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone
SELECT
    made.series AS measure, made.unit AS unit, made.day AS day, made.horizon_days AS horizon_days,
    made.forecast AS forecast, made.low AS lo80, made.high AS hi80,
    multiIf(measure = 'daily_spend', toFloat64(spent.cost), measure = 'daily_requests', toFloat64(spent.requests), toFloat64(spent.users)) AS actual,
    actual BETWEEN lo80 AND hi80 AS inside80
FROM
(
    SELECT series, any(forecasts.unit) AS unit, target_date AS day, horizon_days,
        argMin(point, made_at) AS forecast, argMin(forecasts.lo80, made_at) AS low, argMin(forecasts.hi80, made_at) AS high
    FROM forecasts FINAL
    WHERE series IN ('daily_spend', 'daily_requests', 'daily_active_users') AND scenario = 'expected'
        AND horizon_days IN (1, 7, 30) AND target_date < toDate(now(), zone)
    GROUP BY series, day, horizon_days
) AS made
INNER JOIN (SELECT day, cost, requests, users FROM bi_spend_daily) AS spent USING (day)
ORDER BY measure, horizon_days, day
