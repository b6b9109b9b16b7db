-- At most six series: the five that cost most, and the rest together.
WITH
    (SELECT today FROM bi_overview) AS today,
    (
        SELECT groupArray(provider) FROM
        (
            SELECT provider FROM bi_spend_hourly WHERE provider != '' AND day >= today - 30
            GROUP BY provider ORDER BY sum(cost) DESC, provider LIMIT 5
        )
    ) AS dearest
SELECT day, if(has(dearest, provider), toString(provider), 'other') AS series, sum(cost) / 1e9 AS cost_usd, sum(requests) AS requests
FROM bi_spend_hourly
WHERE provider != '' AND day < today AND day >= today - 120
GROUP BY day, series
ORDER BY day, series
