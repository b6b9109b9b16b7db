SELECT
    rule,
    count() AS looked_at,
    countIf(outcome = 'fired') AS fired,
    countIf(issued) AS issued,
    countIf(outcome IN ('blocked', 'suppressed')) AS held_back,
    countIf(verdict IN ('kept', 'extended')) AS kept,
    countIf(verdict = 'rolled-back') AS rolled_back
FROM bi_decisions
GROUP BY rule
ORDER BY issued DESC, rule
