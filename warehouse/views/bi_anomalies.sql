-- What was not as expected. from_ts, to_ts: UTC; is_open: it goes on; actual, expected: of the hour or day that gave the alert, in the
-- metric's unit (spend and request-cost: nano-dollars; error-rate: share; latency: milliseconds; rating: 1 to 5); score: 0.5 to 1;
-- first_cause: what explains it best, empty: nothing stands out; message: one sentence for people.
SELECT
    from_ts, to_ts, grain, metric, part, is_open, actual, expected, score,
    JSONExtractString(JSONExtractRaw(causes, 1), 'name') AS first_cause,
    message
FROM anomalies FINAL
ORDER BY from_ts DESC, grain, metric, part
