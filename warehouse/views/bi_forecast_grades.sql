-- Past forecasts whose day has come, and what came: the first forecast that was made of each series, day and days ahead. days_ahead: 1 =
-- forecast on that day itself, before it was over; forecast, lo80 ... hi95, actual: in the unit (nano-usd, requests, users).
SELECT
    made.series AS series, made.unit AS unit, made.target_date AS day, made.horizon_days AS days_ahead, made.first_made_at AS made_at,
    made.forecast AS forecast, made.bounds.1 AS lo80, made.bounds.2 AS hi80, made.bounds.3 AS lo95, made.bounds.4 AS hi95,
    known.actual AS actual
FROM
(
    SELECT
        series, target_date, horizon_days,
        any(unit) AS unit,
        min(made_at) AS first_made_at,
        argMin(point, made_at) AS forecast,
        argMin((lo80, hi80, lo95, hi95), made_at) AS bounds
    FROM forecasts FINAL
    WHERE scenario = 'expected' AND horizon_days > 0
    GROUP BY series, target_date, horizon_days
) AS made
INNER JOIN (SELECT day, series, actual FROM forecast_actuals) AS known ON known.day = made.target_date AND known.series = made.series
ORDER BY series, day, days_ahead
