-- Who was active on which day; see rollup_users_daily.
SELECT * EXCEPT version
FROM rollup_users_daily
WHERE (day, version) IN (SELECT day, latest FROM current_builds WHERE name = 'requests')
