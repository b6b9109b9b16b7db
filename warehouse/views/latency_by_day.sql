-- How long answers took, by day; see rollup_latency_daily.
SELECT * EXCEPT version
FROM rollup_latency_daily
WHERE (day, version) IN (SELECT day, latest FROM current_builds WHERE name = 'requests')
