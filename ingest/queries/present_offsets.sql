-- Which of a batch's rows came into the table although nobody wrote down that they did.
SELECT log_offset
FROM {table:Identifier}
WHERE log_partition = {partition:String} AND log_offset BETWEEN {first:UInt64} AND {last:UInt64}
