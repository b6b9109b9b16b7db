-- Calls of providers by day; see rollup_calls_daily.
SELECT * EXCEPT version
FROM rollup_calls_daily
WHERE (day, version) IN (SELECT day, latest FROM current_builds WHERE name = 'requests')
