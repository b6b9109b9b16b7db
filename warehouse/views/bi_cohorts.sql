-- Who stays. cohort: Monday of the week of the first event of its users; week: weeks since then; size: users of the cohort; active: of
-- them, with a request in that week; retention: active / size. The newest week is not over yet.
SELECT
    cohort,
    intDiv(toInt64(used.day) - toInt64(cohort), 7) AS week,
    met.size AS size,
    used.active AS active,
    used.active / met.size AS retention
FROM (SELECT * FROM cohorts_by_week WHERE cohort <= cohorts_by_week.day) AS used
INNER JOIN
(
    SELECT toMonday(day) AS cohort, sum(new_users) AS size FROM subscriptions_by_day GROUP BY cohort HAVING size > 0
) AS met USING (cohort)
ORDER BY cohort, week
