SELECT seq, hash FROM decision_chain ORDER BY seq DESC LIMIT 1
