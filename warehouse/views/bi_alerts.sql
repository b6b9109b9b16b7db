-- Alerts, the latest first. opened_at, resolved_at: UTC, resolved_at NULL while it is open; minutes: how long it was open, NULL while it is.
SELECT
    toString(id) AS id, kind, subject, severity, status, message, opened_at,
    if(status = 'resolved', toNullable(alerts.resolved_at), NULL) AS resolved_at,
    dateDiff('minute', opened_at, resolved_at) AS minutes
FROM alerts FINAL
ORDER BY opened_at DESC, id
