-- Decisions of the automation, the latest first. Zeros as an id, 1970 as a time: none.
SELECT
    toString(id) AS id,
    toUnixTimestamp64Milli(ts) AS ts,
    rule, priority, mode, condition, inputs, estimates, outcome, reason, action, instruction,
    if(directive_id = toUUID('00000000-0000-0000-0000-000000000000'), NULL, toString(directive_id)) AS directive_id,
    simulated_effect,
    guard_rails,
    nullIf(toUnixTimestamp64Milli(verified_at), 0) AS verified_at,
    verified_effect,
    verdict,
    revoked_by,
    toUnixTimestamp64Milli(revoked_at) AS revoked_at,
    revoke_reason,
    catalog_version
FROM decisions FINAL
WHERE decisions.ts < fromUnixTimestamp64Milli({before:Int64}) AND ({rule:String} = '' OR rule = {rule:String})
ORDER BY decisions.ts DESC, decisions.id DESC
LIMIT {limit:UInt32}
