SELECT opened_at, kind, subject, severity, status, message, minutes
FROM bi_alerts
WHERE opened_at >= now() - INTERVAL 120 DAY
ORDER BY opened_at DESC
LIMIT 500
