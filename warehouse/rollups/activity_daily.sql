-- Active users over 1, 7 and 30 days up to each of some days, and who was lost, by tier ('' = all tiers together).
-- A user who is active on day d and next on day n counts as active over 30 days from d until min(n, d + 30); so each pair is a
-- step up and a step down, and a day's number is the sum of all steps until then.
INSERT INTO rollup_activity_daily
SELECT
    toDate(number) AS day,
    tier,
    {version:UInt64} AS version,
    arraySum(step -> if(step.1 <= number, step.2, 0), steps) AS active,
    arraySum(step -> if(step.1 <= number, step.3, 0), steps) AS active_7,
    arraySum(step -> if(step.1 <= number, step.4, 0), steps) AS active_30,
    arraySum(step -> if(step.1 <= number, step.5, 0), steps) AS formerly_active,
    arraySum(step -> if(step.1 <= number, step.6, 0), steps) AS lost
FROM
(
    SELECT tier, groupArray((step_day, active, active_7, active_30, formerly_active, lost)) AS steps
    FROM
    (
        SELECT
            tier,
            step.1 AS step_day,
            sumIf(step.3, step.2 = 1) AS active,
            sumIf(step.3, step.2 = 7) AS active_7,
            sumIf(step.3, step.2 = 30) AS active_30,
            sumIf(step.3, step.2 = 60) AS formerly_active,
            sumIf(step.3, step.2 = 90) AS lost
        FROM
        (
            SELECT
                tier,
                arrayJoin(arrayZip(days, arrayPushBack(arraySlice(days, 2), 1000000))) AS pair,
                pair.1 AS d,
                pair.2 AS n,
                arrayJoin([
                    (d, 1, 1), (d + 1, 1, -1),
                    (d, 7, 1), (least(n, d + 7), 7, -1),
                    (d, 30, 1), (least(n, d + 30), 30, -1),
                    (d + 30, 60, 1), (least(n, d + 30) + 30, 60, -1),
                    (d + 30, 90, toInt8(n > d + 30)), (least(n, d + 60), 90, -toInt8(n > d + 30))]) AS step
            FROM
            (
                SELECT scope AS tier, user_id, arraySort(groupUniqArray(toInt32(day))) AS days
                FROM users_by_day ARRAY JOIN arrayDistinct([tier, '']) AS scope
                WHERE day BETWEEN {from_day:Date} - 59 AND {to_day:Date}
                GROUP BY scope, user_id
            )
        )
        GROUP BY tier, step_day
    )
    GROUP BY tier
) AS by_tier
CROSS JOIN
(
    SELECT toInt32(number + toUInt32({from_day:Date})) AS number
    FROM numbers(toUInt64({to_day:Date} - {from_day:Date} + 1))
) AS days
WHERE active_30 + formerly_active > 0
