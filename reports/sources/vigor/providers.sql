-- The last 30 complete days; a colour of its own for each, the same on every page.
WITH (SELECT today FROM bi_overview) AS today
SELECT
    provider, concat('/providers/', provider) AS link,
    row_number() OVER (ORDER BY answers DESC, provider) AS place,
    ['#0072B2', '#E69F00', '#009E73', '#CC79A7', '#56B4E9', '#D55E00', '#b8a900', '#7f5af0'][1 + (row_number() OVER (ORDER BY provider) - 1) % 8] AS color,
    sum(daily.answers) AS answers,
    sum(daily.calls) AS calls,
    if(calls = 0, NULL, sum(daily.ok_calls) / calls) AS answered_share,
    if(answers = 0, NULL, sumIf(daily.avg_ms * daily.answers, daily.answers > 0) / answers) AS avg_ms,
    sum(daily.cost) / 1e9 AS cost_usd,
    if(answers = 0, NULL, cost_usd / answers) AS cost_per_answer_usd,
    sum(daily.ratings) AS n_ratings,
    if(n_ratings < 5, NULL, sumIf(daily.satisfaction * daily.ratings, daily.satisfaction IS NOT NULL)
        / sumIf(daily.ratings, daily.satisfaction IS NOT NULL)) AS satisfaction
FROM bi_performance_providers AS daily
WHERE day < today AND day >= today - 30
GROUP BY provider
ORDER BY cost_usd DESC, provider
