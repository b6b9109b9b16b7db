-- What became of a request as the service is judged by it: a mistake of the client (4xx) that only a provider noticed is a refusal.

ALTER TABLE request_events ADD COLUMN IF NOT EXISTS result LowCardinality(String) ALIAS if(outcome = 'failed' AND http_status BETWEEN 400 AND 499, 'denied', outcome) COMMENT 'the outcome; denied: a provider refused what the client sent (4xx), too' AFTER outcome;
