-- After how many days rows of these tables are deleted; 0: never.
SELECT name AS table, toUInt32OrZero(extract(engine_full, 'TTL .*toIntervalDay\\((?:_CAST\\()?(\\d+)')) AS days
FROM system.tables
WHERE database = currentDatabase() AND name IN {tables:Array(String)}
