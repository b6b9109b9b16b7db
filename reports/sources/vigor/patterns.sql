WITH
    (SELECT today - 28 FROM bi_overview) AS first_day,
    (SELECT today - 1 FROM bi_overview) AS last_day
SELECT
    dimension, if(value = '', 'not known', value) AS name, sum(used.requests) AS n,
    n / sum(n) OVER (PARTITION BY dimension) AS share,
    sum(used.cost) / 1e9 AS cost_usd
FROM bi_usage_patterns AS used
WHERE day BETWEEN first_day AND last_day
GROUP BY dimension, name
ORDER BY dimension, n DESC, name
LIMIT 30 BY dimension
