-- What the series of the table forecasts came to, by complete day. actual: in the series' unit (nano-dollars, requests, users); days
-- without requests have no row. Days that are not built yet are left out until they are.
WITH coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone
SELECT day, series, actual
FROM
(
    SELECT day, concat(measure.1, part) AS series, toFloat64(sum(measure.2)) AS actual
    FROM requests_by_hour
    ARRAY JOIN
        [('daily_spend', cost), ('daily_requests', requests)] AS measure
    ARRAY JOIN
        ['', concat(':provider=', if(provider = '', 'none', provider)), concat(':tier=', if(tier = '', 'none', tier)), concat(':feature=', if(feature = '', 'none', feature))] AS part
    GROUP BY day, series
    UNION ALL
    SELECT day, concat('daily_active_users', part) AS series, toFloat64(uniqExact(user_id)) AS actual
    FROM users_by_day
    ARRAY JOIN ['', concat(':tier=', if(tier = '', 'none', tier))] AS part
    GROUP BY day, series
)
WHERE day < toDate(now(), zone) AND day NOT IN (SELECT day FROM stale_days)
