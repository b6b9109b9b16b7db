-- What is watched of each complete day with requests. Nano-dollars and counts; new_users is 0 where it is not known.
SELECT
    toString(spent.day) AS day, spent.requests AS requests, spent.cost AS spend,
    spent.ok + spent.failed + spent.aborted AS served, spent.failed AS failed, spent.users AS users,
    toInt64(known.new_users) AS new_users
FROM (SELECT * FROM bi_spend_daily WHERE day >= {from:Date} AND day < {today:Date}) AS spent
LEFT JOIN (SELECT day, new_users FROM bi_users_daily WHERE day >= {from:Date} AND day < {today:Date}) AS known USING (day)
ORDER BY spent.day
