-- What the same requests would have cost by day and tier without routing and cache: each on the most expensive provider that the tier may
-- use, no token from a cache. cost: nano-dollars, what they did cost; baseline: nano-dollars (of an answer from the product's cache, what
-- it saved, which is the least that it would have cost). Tiers without a priced provider have no row.
WITH (SELECT arraySort(fact -> fact.2, groupArray((tier, from_ts, baseline_input, baseline_output, baseline_request))) FROM tier_facts FINAL) AS facts
SELECT
    day, tier,
    nano AS cost,
    intDiv(input * fact.3 + output * fact.4, 1000) + calls * fact.5 + saved AS baseline
FROM
(
    SELECT day, tier, sum(cost) AS nano, sum(cache_saved) AS saved, sum(called) AS calls,
        sum(input_tokens + cached_input_tokens) AS input, sum(output_tokens) AS output,
        arrayLast(f -> f.1 = tier AND f.2 < toDateTime64(day + 1, 3, 'UTC'), facts) AS fact
    FROM requests_by_hour GROUP BY day, tier
)
WHERE fact.3 + fact.4 + fact.5 > 0
ORDER BY day, tier
