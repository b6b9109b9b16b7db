SELECT next_offset, inserted, dead
FROM log_offsets FINAL
WHERE topic = {topic:String} AND partition = {partition:String}
