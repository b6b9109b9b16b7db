-- Who of those who signed up in which week was active in some weeks (Mondays as their names).
INSERT INTO rollup_cohorts_weekly
SELECT
    toMonday(used.day) AS day,
    toMonday(toDate(first_ts, {zone:String})) AS cohort,
    {version:UInt64} AS version,
    uniqExact(user_id) AS active
FROM
(
    SELECT users_by_day.day AS day, user_id FROM users_by_day
    WHERE users_by_day.day BETWEEN {from_day:Date} AND {to_day:Date} + 6
) AS used
INNER JOIN
(
    SELECT user_id, min(ts) AS first_ts FROM user_events WHERE type != 'erased' GROUP BY user_id
) AS met USING (user_id)
GROUP BY day, cohort
