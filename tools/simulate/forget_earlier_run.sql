DELETE FROM {table:Identifier} WHERE log_partition = {partition:String}
