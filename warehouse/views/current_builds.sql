-- Which version of each day of each rollup holds, for days cut by the catalog's time zone of now.
WITH coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone
SELECT name, day, max(version) AS latest
FROM rollup_builds
GROUP BY name, day
HAVING argMax(timezone, version) = zone
