-- Who was sent the summary of which week, so that nobody gets it twice and a failed one is tried again.

CREATE TABLE IF NOT EXISTS summary_mails
(
    week Date COMMENT 'the Monday of the week that was summed up, in the catalog''s time zone',
    recipient String COMMENT 'address; erased with the row',
    sent_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when the mail server had taken it'
)
ENGINE = ReplacingMergeTree(sent_at)
ORDER BY (week, recipient)
TTL toDateTime(week) + INTERVAL 365 DAY
COMMENT 'summaries sent by mail; read with FINAL';
