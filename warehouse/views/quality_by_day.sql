-- What shows of the quality of answers by day; see rollup_quality_daily.
SELECT * EXCEPT version
FROM rollup_quality_daily
WHERE (day, version) IN (SELECT day, latest FROM current_builds WHERE name = 'requests')
