SELECT
    issued_at, ends_at, kind, actor_type, actor, reason,
    dateDiff('minute', issued_at, ends_at) AS minutes,
    multiIf(active, 'in force', revoked, 'revoked', 'ended') AS state
FROM bi_directives
ORDER BY issued_at DESC
LIMIT 500
