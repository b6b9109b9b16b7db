-- How many requests of a day are real and how many were made up by the simulation. requests: count; source: live or simulated.
SELECT day, source, sum(requests_by_hour.requests) AS requests
FROM requests_by_hour
GROUP BY day, source
ORDER BY day, source
