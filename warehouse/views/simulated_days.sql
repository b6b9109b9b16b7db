-- Days of the catalog's time zone with simulated requests.
WITH coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone
SELECT DISTINCT toDate(hour, zone) AS day FROM simulated_hours
