-- Users by tier at the end of each day, from the first event of a user to today, with who came, upgraded and cancelled.
-- 'seen' counts only where it is a user's first event, as everywhere in the product; '<none>' and '<erased>' are no tiers.
INSERT INTO rollup_subscriptions_daily
WITH
    (SELECT arraySort(fact -> fact.2, groupArray((tier, from_ts, monthly_price))) FROM tier_facts FINAL) AS facts,
    (name, at) -> arrayLast(fact -> fact.1 = name AND fact.2 <= at, facts).3 > 0 AS is_paid
SELECT
    toDate(number) AS day,
    tier,
    {version:UInt64} AS version,
    arraySum(step -> if(step.1 <= number, step.2, 0), steps) AS users,
    arraySum(step -> if(step.1 = number, step.3, 0), steps) AS new_users,
    arraySum(step -> if(step.1 = number, step.4, 0), steps) AS upgrades,
    arraySum(step -> if(step.1 = number, step.5, 0), steps) AS cancellations,
    source
FROM
(
    SELECT tier, source, groupArray((step_day, users, new_users, upgrades, cancellations)) AS steps
    FROM
    (
        SELECT
            side.1 AS tier,
            source,
            toInt32(toDate(change.1, {zone:String})) AS step_day,
            sum(side.2) AS users,
            countIf(side.2 = 1 AND was = '<none>') AS new_users,
            countIf(side.2 = 1 AND was NOT IN ('<none>', '<erased>') AND is_paid(tier, change.1) AND NOT is_paid(was, change.1)) AS upgrades,
            countIf(side.2 = -1 AND is_paid(tier, change.1) AND NOT is_paid(becomes, change.1)) AS cancellations
        FROM
        (
            SELECT
                arrayJoin(arrayZip(kept, arrayPushFront(arrayPopBack(arrayMap(event -> event.4, kept)), '<none>'))) AS pair,
                pair.1 AS change,
                pair.2 AS was,
                change.4 AS becomes,
                source,
                arrayJoin([(was, toInt64(-1)), (becomes, toInt64(1))]) AS side
            FROM
            (
                SELECT
                    if(max(startsWith(log_partition, 'simulated-')), 'simulated', 'live') AS source,
                    arraySort(groupArray((
                        ts,
                        multiIf(type = 'seen', 0, type = 'set', 1, 2),
                        event_id,
                        if(type = 'erased', '<erased>', toString(tier))))) AS events,
                    arrayFilter(
                        (event, index) -> event.2 != 0 OR index = 1 OR events[index - 1].2 = 2,
                        events, arrayEnumerate(events)) AS kept
                FROM user_events FINAL
                GROUP BY user_id
            )
        )
        WHERE tier NOT IN ('<none>', '<erased>') AND was != becomes
        GROUP BY tier, source, step_day
    )
    GROUP BY tier, source
) AS by_tier
CROSS JOIN
(
    SELECT toInt32(number + first_day) AS number
    FROM
    (
        SELECT toUInt32(toDate(min(ts), {zone:String})) AS first_day, toUInt32({to_day:Date}) AS last_day
        FROM user_events HAVING count() > 0
    ) AS span
    ARRAY JOIN range(toUInt32(greatest(0, toInt64(last_day) - first_day + 1))) AS number
) AS days
