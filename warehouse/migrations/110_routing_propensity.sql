-- How likely the first provider of a request was: what the evaluation of another routing weighs the request by.

ALTER TABLE request_events ADD COLUMN IF NOT EXISTS propensity Float64 COMMENT 'probability with which the routing chose the provider that was called first; 1: it was certain, 0: not known' AFTER route_reason;
