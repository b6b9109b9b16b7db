-- Which hours of the day are busy, from a day to a day (both included). hour_of_day: 0-23 on the clock of the catalog's time zone;
-- requests: count; ratio: against the mean hour; is_peak: more than 1.5 times the mean.
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
    FROM requests_by_hour WHERE day BETWEEN {from:Date} AND {to:Date} GROUP BY number
) AS counted USING (number)
ORDER BY hour_of_day
