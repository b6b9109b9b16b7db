SELECT toString(bi_cohorts.cohort) AS cohort, week, size, active, retention
FROM bi_cohorts WHERE bi_cohorts.cohort BETWEEN {from:Date} AND {to:Date}
ORDER BY cohort, week
