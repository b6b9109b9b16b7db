SELECT toString(cohort) AS sign_up_week, week, size, active, retention
FROM bi_cohorts
WHERE week BETWEEN 0 AND 16 AND cohort >= toMonday((SELECT today FROM bi_overview)) - 16 * 7
    -- A week that is not over would look like users who left.
    AND cohort + 7 * week + 7 <= (SELECT today FROM bi_overview)
ORDER BY cohort, week
