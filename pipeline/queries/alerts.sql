-- Alerts, the latest first. 1970 as a time: not yet.
SELECT
    toString(id) AS id,
    kind, subject, severity, status,
    toUnixTimestamp64Milli(opened_at) AS opened_at,
    nullIf(toUnixTimestamp64Milli(told.at), 0) AS notified_at,
    nullIf(toUnixTimestamp64Milli(resolved_at), 0) AS resolved_at,
    message,
    details
FROM
(
    SELECT * FROM alerts FINAL
    WHERE alerts.opened_at < fromUnixTimestamp64Milli({before:Int64}) AND ({status:String} = '' OR status = {status:String})
    ORDER BY alerts.opened_at DESC, alerts.id DESC
    LIMIT {limit:UInt32}
) AS page
LEFT JOIN
(
    SELECT alert_id AS id, max(updated_at) AS at FROM alert_deliveries FINAL WHERE status = 'delivered' GROUP BY id
) AS told USING (id)
ORDER BY page.opened_at DESC, page.id DESC
