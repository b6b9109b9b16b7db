-- Spend of each complete day in nano-dollars, oldest first; days without requests have no row.
SELECT toString(day) AS day, cost
FROM bi_spend_daily
WHERE bi_spend_daily.day < {today:Date} AND bi_spend_daily.day >= {today:Date} - 730
ORDER BY bi_spend_daily.day
