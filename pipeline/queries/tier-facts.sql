-- What was published of each tier last.
SELECT tier, monthly_price, baseline_provider, baseline_input, baseline_output, baseline_request
FROM tier_facts FINAL
ORDER BY from_ts DESC
LIMIT 1 BY tier
