-- Active users over 1, 7 and 30 days; see rollup_activity_daily.
SELECT * EXCEPT version
FROM rollup_activity_daily
WHERE (day, version) IN (SELECT day, latest FROM current_builds WHERE name = 'activity')
