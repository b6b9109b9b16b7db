-- Alerts that are not resolved, and those that were resolved since a moment; the oldest first.
SELECT
    toString(id) AS id, kind, subject, severity, status,
    toUnixTimestamp64Milli(opened_at) AS opened_at,
    nullIf(toUnixTimestamp64Milli(resolved_at), 0) AS resolved_at,
    message,
    details
FROM alerts FINAL
WHERE alerts.status != 'resolved' OR alerts.resolved_at >= fromUnixTimestamp64Milli({resolved_since:Int64})
ORDER BY alerts.opened_at, alerts.id
