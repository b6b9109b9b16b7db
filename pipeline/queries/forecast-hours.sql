-- Spend by hour over the last weeks, the current hour included. hour: seconds since the epoch; nano-dollars; hours without requests
-- have no row.
SELECT toUnixTimestamp(hour) AS hour_s, sum(cost) AS cost
FROM bi_spend_hourly
WHERE day >= toDate(fromUnixTimestamp({from:UInt32})) - 1
GROUP BY hour_s
HAVING hour_s >= {from:UInt32} AND hour_s < {until:UInt32}
ORDER BY hour_s
