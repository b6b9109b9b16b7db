-- What was told, or is to be told again, of some alerts. 1970 as a time: never.
SELECT
    toString(alert_id) AS alert_id, channel, event,
    toUnixTimestamp64Milli(alert_at) AS alert_at,
    attempts, status,
    nullIf(toUnixTimestamp64Milli(next_at), 0) AS next_at,
    error
FROM alert_deliveries FINAL
WHERE alert_deliveries.alert_id IN {ids:Array(UUID)}
