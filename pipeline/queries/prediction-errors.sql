-- By how much the replay was wrong about the cost change of each rule's directives, the latest ones first.
SELECT rule, JSONExtractFloat(verified_effect, 'costBias') AS error
FROM decisions FINAL
WHERE decisions.verdict IN ('kept', 'extended', 'widened', 'replaced', 'rolled-back') AND JSONType(verified_effect, 'costBias') = 'Double'
ORDER BY decisions.verified_at DESC
LIMIT 20 BY rule
