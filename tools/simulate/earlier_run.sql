-- Requests of an earlier run.
SELECT count() AS requests FROM request_events WHERE log_partition = {partition:String}
