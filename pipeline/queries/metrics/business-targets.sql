SELECT target, value, goal, unit, CAST(met, 'Nullable(Bool)') AS met
FROM bi_targets
