-- Of the tiers that pay: their requests of the last 24 hours, and those that their plan's own requests a day refused, one row.
SELECT count() AS requests, countIf(outcome = 'denied' AND denial_reason = 'daily_requests_exceeded') AS denied
FROM request_events FINAL
WHERE ts > now64(3) - INTERVAL 24 HOUR AND ts <= now64(3) AND tier IN {paying:Array(String)}
