-- Past forecasts of a series so many days ahead, and what came, the oldest day first. Money in nano-dollars.
SELECT toString(bi_forecast_grades.day) AS date, unit, toUnixTimestamp64Milli(bi_forecast_grades.made_at) AS made_at, forecast, lo80, hi80, lo95, hi95, actual
FROM bi_forecast_grades
WHERE series = {series:String} AND days_ahead = {days_ahead:UInt16} AND bi_forecast_grades.day >= {from:Date}
ORDER BY date
