-- Spend of each complete day in nano-dollars, oldest first; days without requests have no row.
SELECT toString(day) AS day, cost
FROM bi_spend_daily
WHERE day < {today:Date} AND day >= {today:Date} - 730
ORDER BY day
