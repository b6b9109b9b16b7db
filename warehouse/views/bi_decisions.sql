-- What the automation decided, and what came of it. ts, verified_at: UTC, NULL: not verified; outcome: fired, holding, cooling-down,
-- suppressed, blocked, ...; issued: 1 if a directive went to the gateways; predicted_cost_share, measured_cost_share: change of the cost
-- of an answer, -0.2 = 20 % cheaper; measured_latency_share: the same of the response time; measured_satisfaction: change of the mean
-- rating; verdict: kept, extended, widened, replaced, rolled-back, inconclusive, '': not verified; revoked_by: who took its directive
-- back, '': nobody. NULL: not known.
SELECT
    toString(id) AS id, ts, rule, priority, mode, outcome, reason,
    JSONExtractString(action, 'action') AS action,
    directive_id != toUUID('00000000-0000-0000-0000-000000000000') AS issued,
    JSONExtract(simulated_effect, 'costChangeShare', 'Nullable(Float64)') AS predicted_cost_share,
    JSONExtract(verified_effect, 'costPerAnswerChangeShare', 'Nullable(Float64)') AS measured_cost_share,
    JSONExtract(verified_effect, 'latencyChangeShare', 'Nullable(Float64)') AS measured_latency_share,
    JSONExtract(verified_effect, 'satisfactionChange', 'Nullable(Float64)') AS measured_satisfaction,
    verdict,
    if(toUnixTimestamp64Milli(decisions.verified_at) = 0, NULL, decisions.verified_at) AS verified_at,
    revoked_by,
    if(toUnixTimestamp64Milli(decisions.revoked_at) = 0, NULL, decisions.revoked_at) AS revoked_at
FROM decisions FINAL
ORDER BY ts DESC, id
