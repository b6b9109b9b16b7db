-- How good past forecasts of the daily spend were, by days ahead, now that their days have come; the first forecast made of a
-- day counts. wape: sum of errors / sum of actuals; inside80: share of days inside the 80 % interval.
SELECT
    horizon_days,
    count() AS days,
    if(sum(actual) = 0, NULL, sum(abs(actual - forecast)) / sum(actual)) AS wape,
    avg(actual >= low AND actual <= high) AS inside80
FROM
(
    SELECT horizon_days, target_date, argMin(point, made_at) AS forecast, argMin(lo80, made_at) AS low, argMin(hi80, made_at) AS high
    FROM forecasts FINAL
    WHERE series = 'daily_spend' AND scenario = 'expected' AND horizon_days IN (1, 7, 30)
        AND target_date >= {from:Date} AND target_date < {today:Date}
    GROUP BY horizon_days, target_date
) AS made
INNER JOIN (SELECT day, toFloat64(cost) AS actual FROM bi_spend_daily) AS spent ON spent.day = made.target_date
GROUP BY horizon_days
ORDER BY horizon_days
