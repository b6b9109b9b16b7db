-- Decisions whose directive was issued and of which nobody has said yet what came of it.
SELECT
    toString(id) AS id,
    toUnixTimestamp64Milli(ts) AS ts,
    rule, priority, mode, condition, inputs, outcome, reason, action, instruction,
    toString(directive_id) AS directive_id,
    simulated_effect, guard_rails, catalog_version
FROM decisions FINAL
WHERE decisions.outcome = 'fired' AND decisions.directive_id != toUUID('00000000-0000-0000-0000-000000000000') AND decisions.verdict = ''
    AND decisions.ts > fromUnixTimestamp64Milli({since:Int64})
ORDER BY decisions.ts
LIMIT 1000
