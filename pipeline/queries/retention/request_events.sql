ALTER TABLE request_events MODIFY TTL toDateTime(ts) + toIntervalDay({days:UInt32})
