-- How far rows may have come into the table without a record of it; -1: none did.
SELECT if(count() = 0, -1, toInt64(max(log_offset))) AS highest
FROM {table:Identifier}
WHERE log_partition = {partition:String} AND log_offset >= {nextOffset:UInt64}
