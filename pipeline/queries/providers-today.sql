-- What each provider has carried since midnight in the given time zone. Money in nano-dollars. A day has at most 25 hours.
SELECT
    provider,
    count() AS requests,
    sum(cost) AS cost,
    sum(input_tokens + cached_input_tokens) AS input_tokens,
    sum(output_tokens + reasoning_tokens) AS output_tokens
FROM request_events FINAL
WHERE ts > now64(3) - INTERVAL 26 HOUR
    AND toDate(ts, {timezone:String}) = toDate(now(), {timezone:String})
    AND provider != '' AND outcome != 'cached'
GROUP BY provider
ORDER BY provider
