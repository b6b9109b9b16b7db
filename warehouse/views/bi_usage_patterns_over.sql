-- What is used, where and on what, from a day to a day (both included), by grain: day, week, month or total. dimension: feature, country
-- or device; value: '' = not known; requests: count; share: of the period's requests; users: distinct, within 2 %; cost: nano-dollars.
SELECT
    period, dimension, value,
    n AS requests,
    n / sum(n) OVER (PARTITION BY period, dimension) AS share,
    distinct_users AS users,
    nano AS cost
FROM
(
    SELECT multiIf({grain:String} = 'week', toMonday(day), {grain:String} = 'month', toStartOfMonth(day), {grain:String} = 'total', {from:Date}, day) AS period, pair.1 AS dimension, pair.2 AS value,
        sum(requests) AS n, sum(audience_by_day.cost) AS nano, uniqCombined64Merge(14)(audience_by_day.users) AS distinct_users
    FROM audience_by_day
    ARRAY JOIN [('feature', toString(feature)), ('country', toString(country)), ('device', toString(device))] AS pair
    WHERE day BETWEEN {from:Date} AND {to:Date}
    GROUP BY period, dimension, value
)
ORDER BY period, dimension, requests DESC, value
