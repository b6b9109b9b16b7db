SELECT
    seq, toUnixTimestamp64Milli(ts) AS ts, toString(decision_id) AS decision_id, stage, document,
    toString(previous_hash) AS previous_hash, toString(hash) AS hash
FROM decision_chain
WHERE seq > {after:UInt64}
ORDER BY seq
LIMIT {limit:UInt32}
