-- Events by partition of the log; see rollup_partitions_daily.
SELECT * EXCEPT version
FROM rollup_partitions_daily
WHERE (day, version) IN (SELECT day, latest FROM current_builds WHERE name = 'requests')
