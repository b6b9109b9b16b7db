-- Users by tier at the end of each day, with the price of the tier on that day in nano-dollars a month (0: unknown tiers, too).
WITH (SELECT arraySort(fact -> fact.2, groupArray((tier, from_ts, monthly_price))) FROM tier_facts FINAL) AS facts
SELECT
    *,
    arrayLast(fact -> fact.1 = tier AND fact.2 < toDateTime64(day + 1, 3, 'UTC'), facts).3 AS monthly_price
FROM subscriptions_by_day
