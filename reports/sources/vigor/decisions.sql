SELECT
    ts, rule, mode, outcome, issued, replaceAll(action, '-', ' ') AS action, reason,
    predicted_cost_share, measured_cost_share, measured_latency_share, measured_satisfaction,
    if(verdict = '', if(issued, 'not verified yet', ''), verdict) AS verdict
FROM bi_decisions
WHERE issued OR outcome IN ('fired', 'blocked', 'suppressed') OR verdict != ''
ORDER BY ts DESC
LIMIT 500
