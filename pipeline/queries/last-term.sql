-- The last term of a pipeline, and how much of it is left by the warehouse's clock, milliseconds.
SELECT
    term,
    holder,
    toInt64(lasts_ms) - dateDiff('millisecond', begins_at, now64(3)) AS left_ms
FROM pipeline_terms
ORDER BY term DESC
LIMIT 1
