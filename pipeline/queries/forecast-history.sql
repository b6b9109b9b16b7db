-- Requests and money of each complete day with requests: in total, and by provider, tier and feature, the parts with the most requests
-- first. days: days since 1970-01-01; costs: nano-dollars; part is empty for the total and where a request has none.
WITH
    coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone,
    (SELECT groupArray(day) FROM stale_days) AS stale
SELECT dimension, part, groupArray(toUInt16(part_day)) AS days, groupArray(part_requests) AS requests, groupArray(part_cost) AS costs
FROM
(
    SELECT
        spent.day AS part_day,
        grouping.1 AS dimension,
        grouping.2 AS part,
        sum(n_requests) AS part_requests,
        sum(nano_cost) AS part_cost
    FROM
    (
        SELECT day, provider, tier, feature, requests AS n_requests, cost AS nano_cost
        FROM requests_by_hour
        WHERE NOT has(stale, day) AND day >= {from:Date} AND day < {today:Date}
        UNION ALL
        SELECT toDate(ts, zone) AS day, provider, tier, feature, count(), sum(cost)
        FROM request_events FINAL
        WHERE has(stale, toDate(ts, zone)) AND ts >= toDateTime(arrayMin(stale), zone)
            AND toDate(ts, zone) >= {from:Date} AND toDate(ts, zone) < {today:Date}
        GROUP BY day, provider, tier, feature
    ) AS spent
    ARRAY JOIN [('total', ''), ('provider', provider), ('tier', tier), ('feature', feature)] AS grouping
    GROUP BY part_day, dimension, part
)
GROUP BY dimension, part
ORDER BY dimension, sum(part_requests) DESC, part
LIMIT {max_parts:UInt16} BY dimension
