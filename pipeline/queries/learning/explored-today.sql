-- What requests since a moment have cost that went elsewhere in order to learn: with fewer chances than half. Nano-dollars.
SELECT sum(request_events.cost) AS cost
FROM request_events FINAL
WHERE request_events.ts >= fromUnixTimestamp64Milli({from:Int64}) AND request_events.ts < fromUnixTimestamp64Milli({until:Int64})
    AND propensity > 0 AND propensity < 0.5 AND requested_model = 'auto'
