-- The product's targets over the last 30 complete days. NULL: not known.
SELECT target, value, goal, unit, CAST(met, 'Nullable(Bool)') AS met
FROM bi_targets
