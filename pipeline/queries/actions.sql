-- Who did what at the control API, the latest first.
SELECT
    toString(action_id) AS id,
    toUnixTimestamp64Milli(ts) AS ts,
    role, via, session, address, action, method, path, subject, details, status, error
FROM admin_actions FINAL
WHERE admin_actions.ts < fromUnixTimestamp64Milli({before:Int64})
ORDER BY admin_actions.ts DESC, admin_actions.action_id DESC
LIMIT {limit:UInt32}
