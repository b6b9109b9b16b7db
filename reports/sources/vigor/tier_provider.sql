WITH (SELECT today FROM bi_overview) AS today
SELECT tier, if(provider = '', 'cache or none', provider) AS provider, sum(requests) AS requests, sum(ok) AS answered, sum(denied) AS denied, sum(cost) / 1e9 AS cost_usd
FROM bi_spend_hourly
WHERE day < today AND day >= today - 30 AND tier != ''
GROUP BY tier, provider
ORDER BY tier, cost_usd DESC
