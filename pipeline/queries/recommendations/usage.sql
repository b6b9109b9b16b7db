-- What the answered calls of the last 30 days cost that the gateway has routed, by feature, tier and provider, the dearest first: who asks
-- for a provider by its name is not moved. cost: nano-dollars; tokens: sums.
SELECT
    feature, tier, provider,
    count() AS calls,
    sum(request_events.cost) AS cost,
    sum(input_tokens) AS input,
    sum(cached_input_tokens) AS cached_input,
    sum(output_tokens) AS output,
    sum(reasoning_tokens) AS reasoning
FROM request_events FINAL
WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64})
    AND requested_model = 'auto' AND outcome = 'ok' AND provider != '' AND request_events.cost > 0
GROUP BY feature, tier, provider
ORDER BY cost DESC
LIMIT 200
SETTINGS do_not_merge_across_partitions_select_final = 1
