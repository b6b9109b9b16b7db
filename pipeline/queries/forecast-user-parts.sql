-- Users with a request on each complete day, by provider and by feature: one user counts in each that they used. days: days since
-- 1970-01-01. Within 2 %.
WITH coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone
SELECT dimension, part, groupArray(toUInt16(part_day)) AS days, groupArray(part_users) AS users
FROM
(
    SELECT toDate(ts, zone) AS part_day, grouping.1 AS dimension, grouping.2 AS part, uniqCombined64(14)(user_id) AS part_users
    FROM request_events FINAL
    ARRAY JOIN [('provider', provider), ('feature', feature)] AS grouping
    WHERE user_id != '' AND grouping.2 != '' AND ts >= toDateTime({from:Date}, zone) AND ts < toDateTime({today:Date}, zone)
    GROUP BY part_day, dimension, part
)
GROUP BY dimension, part
ORDER BY dimension, sum(part_users) DESC, part
LIMIT {max_parts:UInt16} BY dimension
SETTINGS do_not_merge_across_partitions_select_final = 1
