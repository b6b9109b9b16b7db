-- The newest run of each job, with how its runs of the last day went. Times in UTC; 1970: not finished.
SELECT
    job,
    max(due_at) AS last_due_at,
    argMax(status, due_at) AS last_status,
    argMax(started_at, due_at) AS last_started_at,
    argMax(finished_at, due_at) AS last_finished_at,
    argMax(error, due_at) AS last_error,
    countIf(due_at > now() - INTERVAL 1 DAY) AS runs_last_day,
    countIf(due_at > now() - INTERVAL 1 DAY AND status = 'failed') AS failed_last_day
FROM job_runs FINAL
GROUP BY job
ORDER BY job
