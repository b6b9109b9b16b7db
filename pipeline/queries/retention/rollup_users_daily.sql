ALTER TABLE rollup_users_daily MODIFY TTL day + toIntervalDay({days:UInt32})
