DELETE FROM log_offsets WHERE partition = {partition:String}
