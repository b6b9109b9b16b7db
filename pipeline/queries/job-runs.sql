-- Recorded runs of the jobs, the latest first. 1970 as a time: not finished.
SELECT
    job,
    toUnixTimestamp64Milli(due_at) AS due_at,
    toUnixTimestamp64Milli(started_at) AS started_at,
    nullIf(toUnixTimestamp64Milli(finished_at), 0) AS finished_at,
    status,
    report,
    error
FROM job_runs FINAL
WHERE job_runs.due_at < fromUnixTimestamp64Milli({before:Int64}) AND ({job:String} = '' OR job = {job:String})
ORDER BY job_runs.due_at DESC, job
LIMIT {limit:UInt32}
