-- What the alerts of these conditions say now.
SELECT toString(id) AS id, status, message
FROM alerts FINAL
WHERE alerts.id IN {ids:Array(UUID)}
