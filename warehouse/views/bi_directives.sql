-- Instructions to the gateways. issued_at, ends_at: UTC, ends_at when it expired or was revoked; actor_type: admin, rule or safeguard;
-- revoked: 1 if somebody ended it before its time, revoked_reason: why; active: 1 while it holds.
SELECT
    toString(directive_id) AS id,
    kind, params, actor_type, actor, reason, issued_at,
    if(taken_back.revoked_at IS NULL, expires_at, least(expires_at, taken_back.revoked_at)) AS ends_at,
    taken_back.revoked_at IS NOT NULL AND taken_back.revoked_at < expires_at AS revoked,
    ifNull(taken_back.why, '') AS revoked_reason,
    ends_at > now64(3) AS active
FROM
(
    SELECT directive_id, kind, params, actor_type, actor, reason, ts AS issued_at, expires_at
    FROM directive_events FINAL WHERE type = 'issued'
) AS given
LEFT JOIN
(
    SELECT directive_id, toNullable(ts) AS revoked_at, toNullable(reason) AS why FROM directive_events FINAL WHERE type = 'revoked'
) AS taken_back USING (directive_id)
ORDER BY issued_at DESC, id
