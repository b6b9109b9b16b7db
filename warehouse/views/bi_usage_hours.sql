-- bi_usage_hours_over of the last 28 complete days.
WITH coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone
SELECT
    toUInt8(number) AS hour_of_day,
    n AS requests,
    if(sum(n) OVER () = 0, NULL, n * 24 / sum(n) OVER ()) AS ratio,
    ifNull(ratio > 1.5, 0) AS is_peak
FROM numbers(24) AS hours
LEFT JOIN
(
    SELECT toUInt64(toHour(hour, zone)) AS number, sum(requests) AS n
    FROM requests_by_hour WHERE day BETWEEN toDate(now(), zone) - 28 AND toDate(now(), zone) - 1 GROUP BY number
) AS counted USING (number)
ORDER BY hour_of_day
