-- What the alert rules need besides bi_realtime and bi_targets, one row. Money in nano-dollars; NULL: not enough history.
WITH coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone,
    intDiv(toUnixTimestamp(now()), 900) * 900 AS quarter
SELECT
    (
        SELECT count() FROM request_events FINAL WHERE ts > now64(3) - INTERVAL 1 HOUR AND ts <= now64(3)
    ) AS last_hour_requests,
    (
        SELECT if(count() < 3, NULL, median(requests_then))
        FROM
        (
            SELECT intDiv(quarter - toInt64(toUnixTimestamp(start)), 86400) AS days_ago, sum(requests) AS requests_then
            FROM spend_quarter_hours
            WHERE toInt64(toUnixTimestamp(start)) >= quarter - 15 * 86400
                AND (quarter - toInt64(toUnixTimestamp(start))) % 86400 BETWEEN 1 AND 3600 AND start < toDateTime(quarter - 43200)
            GROUP BY days_ago
        )
    ) AS normal_hourly_requests,
    (SELECT toInt64(sum(new_users)) FROM bi_users_daily WHERE day = toDate(now(), zone)) AS new_users_today,
    (SELECT toInt64(sum(total_users)) FROM bi_users_daily WHERE day = toDate(now(), zone) - 1) AS users_before
