-- What is used where, by day; see rollup_audience_daily.
SELECT * EXCEPT version
FROM rollup_audience_daily
WHERE (day, version) IN (SELECT day, latest FROM current_builds WHERE name = 'requests')
