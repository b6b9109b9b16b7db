-- Uptime by day; see rollup_minutes_daily.
SELECT * EXCEPT version
FROM rollup_minutes_daily
WHERE (day, version) IN (SELECT day, latest FROM current_builds WHERE name = 'requests')
