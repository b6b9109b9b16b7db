ALTER TABLE feedback_events MODIFY TTL toDateTime(ts) + toIntervalDay({days:UInt32})
