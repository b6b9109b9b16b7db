-- Active users by week and week of sign-up; see rollup_cohorts_weekly.
SELECT * EXCEPT version
FROM rollup_cohorts_weekly
WHERE (day, version) IN (SELECT day, latest FROM current_builds WHERE name = 'cohorts')
