-- What the product costs by day, nano-dollars. ai: of the requests; infrastructure, support: what costs events say of the day (an amount is
-- spread over the days that it covers, to the last nano-dollar), else the day's part of the catalog's monthly constant;
-- *_assumed: 1 where the constant stands in. Days from the first request to the last one.
WITH
    (SELECT anyOrNull(toInt64OrNull(value)) FROM settings FINAL WHERE key = 'infrastructure_monthly_nano') AS infrastructure_monthly,
    (SELECT anyOrNull(toInt64OrNull(value)) FROM settings FINAL WHERE key = 'support_monthly_nano') AS support_monthly,
    toDayOfMonth(toLastDayOfMonth(day)) AS days_of_month
SELECT
    day,
    ai,
    if(entered.has_infrastructure, entered.infrastructure, intDiv(ifNull(infrastructure_monthly, 0), days_of_month)) AS infrastructure,
    if(entered.has_support, entered.support, intDiv(ifNull(support_monthly, 0), days_of_month)) AS support,
    ai + infrastructure + support AS total,
    NOT entered.has_infrastructure AS infrastructure_assumed,
    NOT entered.has_support AS support_assumed
FROM
(
    SELECT day, toInt64(sum(nano)) AS ai
    FROM
    (
        SELECT day, sum(cost) AS nano FROM requests_by_hour GROUP BY day
        UNION ALL
        SELECT day, toUInt64(0) AS nano FROM subscriptions_by_day GROUP BY day
    )
    GROUP BY day
) AS spent
LEFT JOIN
(
    SELECT day,
        sumIf(part, kind = 'infrastructure') AS infrastructure, countIf(kind = 'infrastructure') > 0 AS has_infrastructure,
        sumIf(part, kind = 'support') AS support, countIf(kind = 'support') > 0 AS has_support
    FROM
    (
        SELECT kind, from_date + index AS day,
            -- The remainder goes to the first days, one nano-dollar each.
            intDiv(amount, covered) + if(index < abs(amount % covered), sign(amount), 0) AS part
        FROM (SELECT kind, amount, from_date, toInt64(to_date - from_date + 1) AS covered FROM cost_events FINAL WHERE kind != 'invoice')
        ARRAY JOIN range(toUInt32(covered)) AS index
    )
    GROUP BY day
) AS entered USING (day)
ORDER BY day
