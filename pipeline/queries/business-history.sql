-- Revenue and costs of each complete day in nano-dollars, oldest first.
SELECT toString(bi_business_daily.day) AS day, revenue, costs
FROM bi_business_daily
WHERE bi_business_daily.day < {today:Date} AND bi_business_daily.day >= {today:Date} - 365
ORDER BY day
