-- Spend in dollars.
WITH unit = 'nano-usd' AS is_money
SELECT
    measure, dimension, part, scenario, day, horizon_days,
    if(is_money, point / 1e9, point) AS point,
    if(is_money, lo80 / 1e9, lo80) AS lo80, if(is_money, hi80 / 1e9, hi80) AS hi80,
    if(is_money, lo95 / 1e9, lo95) AS lo95, if(is_money, hi95 / 1e9, hi95) AS hi95,
    wape, coverage80
FROM bi_forecasts
WHERE horizon_days BETWEEN 1 AND 90
    AND (dimension IN ('', 'provider', 'tier')) AND (dimension = '' OR measure = 'daily_spend')
ORDER BY measure, dimension, part, scenario, day
