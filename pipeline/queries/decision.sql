-- One decision, as it is kept.
SELECT
    toString(id) AS id,
    toUnixTimestamp64Milli(ts) AS ts,
    rule, priority, mode, condition, inputs, estimates, outcome, reason, action, instruction,
    toString(directive_id) AS directive_id,
    simulated_effect, guard_rails, catalog_version
FROM decisions FINAL
WHERE decisions.id = toUUIDOrZero({id:String})
LIMIT 1
