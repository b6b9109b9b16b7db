-- Decisions whose directive was issued and of which nobody has said yet what came of it, and judged ones that somebody took back since.
SELECT
    toString(id) AS id,
    toUnixTimestamp64Milli(ts) AS ts,
    rule, priority, mode, condition, inputs, estimates, outcome, reason, action, instruction,
    toString(directive_id) AS directive_id,
    simulated_effect, guard_rails, catalog_version, verdict, verified_effect
FROM decisions FINAL
WHERE decisions.outcome = 'fired' AND decisions.directive_id != toUUID('00000000-0000-0000-0000-000000000000') 
    AND (decisions.verdict = ''
        OR decisions.verdict IN ('kept', 'extended', 'inconclusive') AND has({revoked:Array(UUID)}, decisions.directive_id))
    AND decisions.ts > fromUnixTimestamp64Milli({since:Int64})
ORDER BY decisions.ts
LIMIT 1000
