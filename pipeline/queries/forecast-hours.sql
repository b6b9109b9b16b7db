-- Spend by UTC hour over the last weeks, the current hour included. Nano-dollars; hours without requests have no row.
SELECT toUnixTimestamp(toStartOfHour(start)) AS hour, sum(cost) AS cost
FROM spend_quarter_hours
WHERE start >= fromUnixTimestamp({from:UInt32}) AND start < fromUnixTimestamp({until:UInt32})
GROUP BY hour
ORDER BY hour
