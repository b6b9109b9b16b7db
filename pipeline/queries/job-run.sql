-- The run of a job for one due time, if there was one.
SELECT status
FROM job_runs FINAL
WHERE job = {job:String} AND due_at = fromUnixTimestamp64Milli({due_at:Int64})
