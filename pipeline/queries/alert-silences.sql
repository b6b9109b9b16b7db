-- Silences that hold.
SELECT toString(id) AS id, kind, subject, toUnixTimestamp64Milli(until) AS until, reason
FROM alert_silences FINAL
WHERE alert_silences.until > fromUnixTimestamp64Milli({now:Int64})
ORDER BY alert_silences.until
