-- Who took a decision back, when and why, and how sure the metrics were that it was made on.

ALTER TABLE decisions
    ADD COLUMN IF NOT EXISTS estimates String COMMENT 'JSON: metric names to value, low, high (95 %) and sample; empty: not kept' AFTER inputs,
    ADD COLUMN IF NOT EXISTS revoked_by LowCardinality(String) COMMENT 'who revoked its directive before it expired; empty: nobody' AFTER verdict,
    ADD COLUMN IF NOT EXISTS revoked_at DateTime64(3, 'UTC') COMMENT '1970: nobody has' AFTER revoked_by,
    ADD COLUMN IF NOT EXISTS revoke_reason String COMMENT 'in words' AFTER revoked_at,
    COMMENT COLUMN verdict 'kept, extended, widened, replaced, rolled-back, inconclusive; empty: not yet verified';
