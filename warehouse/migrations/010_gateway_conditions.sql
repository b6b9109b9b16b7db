-- What gateways do by themselves (safeguard stages, high load, bills above their bound) stands beside the directives.

ALTER TABLE directive_events DROP CONSTRAINT IF EXISTS has_type;

ALTER TABLE directive_events ADD CONSTRAINT IF NOT EXISTS has_known_type CHECK type IN ('issued', 'revoked', 'condition');

ALTER TABLE directive_events MODIFY COLUMN type COMMENT 'issued, revoked, or condition: the gateway''s own change of state';

ALTER TABLE directive_events MODIFY COLUMN kind COMMENT 'of the instruction; of a condition: safeguard, high-load or over-bound; empty: revoked';
