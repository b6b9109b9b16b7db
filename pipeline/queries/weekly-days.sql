-- The four weeks that end with a week, for the charts. cost: nano-dollars. Days without requests have no row.
SELECT toString(spent.day) AS day, cost, users FROM bi_spend_daily AS spent
WHERE spent.day BETWEEN {monday:Date} - 21 AND {monday:Date} + 6
ORDER BY spent.day
