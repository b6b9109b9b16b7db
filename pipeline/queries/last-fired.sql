-- When each rule last acted, with the directives it issued then. Zeros: it issued none.
SELECT
    rule,
    toUnixTimestamp64Milli(ts) AS fired_at,
    toString(directive_id) AS directive_id
FROM decisions FINAL
WHERE outcome IN ('fired', 'observed', 'awaiting-approval') AND ts > fromUnixTimestamp64Milli({since:Int64})
ORDER BY ts DESC
LIMIT 10000
