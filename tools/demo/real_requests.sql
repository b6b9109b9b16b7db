-- Requests that were not simulated.
SELECT count() AS requests FROM request_events WHERE source != 'simulated'
