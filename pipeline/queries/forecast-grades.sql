-- How good past forecasts of a series were, by days ahead, over the days from `from` on. wape: sum of errors / sum of actuals; bias: sum of
-- (forecast - actual) / sum of actuals, NULL where nothing came; inside80, inside95: shares of days inside the intervals.
SELECT
    days_ahead,
    count() AS days,
    if(sum(actual) = 0, NULL, sum(abs(actual - forecast)) / sum(actual)) AS wape,
    if(sum(actual) = 0, NULL, sum(forecast - actual) / sum(actual)) AS bias,
    avg(actual BETWEEN lo80 AND hi80) AS inside80,
    avg(actual BETWEEN lo95 AND hi95) AS inside95
FROM bi_forecast_grades
WHERE series = {series:String} AND bi_forecast_grades.day >= {from:Date} AND days_ahead IN (1, 7, 30, 90)
GROUP BY days_ahead
ORDER BY days_ahead
