-- Active users over 1, 7 and 30 days up to each of some days, and who was lost, by tier ('' = all tiers together).
-- Only known users count, and each in the tier that the user has at the end of the day: as in rollup_subscriptions_daily, whose last build
-- says up to where user events are read. So no tier ever has more active users than users.
-- A user who is active on day d and next on day n counts as active over 30 days from d until min(n, d + 30), and in each tier as long as
-- the user is in it; so each is a step up and a step down, and a day's number is the sum of all steps until then.
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
                arrayJoin([toString(stay.3), '']) AS tier,
                arrayJoin(arrayFilter(
                    window -> window.2 < window.3,
                    arrayMap(
                        window -> (window.1, greatest(window.2, stay.1), least(window.3, stay.2)),
                        [
                            (1, d, d + 1),
                            (7, d, least(n, d + 7)),
                            (30, d, least(n, d + 30)),
                            (60, d + 30, least(n, d + 30) + 30),
                            (90, d + 30, if(n > d + 30, least(n, d + 60), d + 30))]))) AS window,
                arrayJoin([(window.2, window.1, 1), (window.3, window.1, -1)]) AS step
            FROM
            (
                SELECT stays, arrayJoin(arrayZip(days, arrayPushBack(arraySlice(days, 2), 1000000))) AS pair, pair.1 AS d, pair.2 AS n
                FROM
                (
                    SELECT user_id, arraySort(groupUniqArray(toInt32(day))) AS days
                    FROM users_by_day
                    WHERE day BETWEEN {from_day:Date} - 59 AND {to_day:Date}
                    GROUP BY user_id
                ) AS active_days
                INNER JOIN
                (
                    -- Each stay in a tier: from its first day, until before its last, the tier.
                    SELECT
                        user_id,
                        arrayFilter(
                            one -> one.1 < one.2 AND one.3 != '<erased>',
                            arrayMap(
                                (event, index) -> (
                                    toInt32(toDate(event.1, {zone:String})),
                                    if(index = length(kept), 1000000, toInt32(toDate(kept[index + 1].1, {zone:String}))),
                                    event.4),
                                kept, arrayEnumerate(kept))) AS stays
                    FROM
                    (
                        SELECT
                            user_id,
                            arraySort(groupArray((
                                ts,
                                multiIf(type = 'seen', 0, type = 'set', 1, 2),
                                event_id,
                                if(type = 'erased', '<erased>', toString(tier))))) AS events,
                            arrayFilter(
                                (event, index) -> event.2 != 0 OR index = 1 OR events[index - 1].2 = 2,
                                events, arrayEnumerate(events)) AS kept
                        FROM user_events FINAL
                        WHERE toUnixTimestamp64Micro(ingested_at) <=
                            (SELECT argMax(rollup_builds.input, version) FROM rollup_builds WHERE name = 'subscriptions')
                        GROUP BY user_id
                    )
                ) AS known USING (user_id)
            )
            ARRAY JOIN stays AS stay
            WHERE stay.1 < d + 90 AND stay.2 > d
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
