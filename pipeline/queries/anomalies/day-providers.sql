-- Each provider on each complete day. judged: calls but those that the app gave up or asked wrongly; answered: of them; ms: sum of the
-- milliseconds of answered calls; ratings, rating_sum: how many ratings, and their sum.
SELECT toString(day) AS day, provider, sum(n_judged) AS judged, sum(n_answered) AS answered, sum(sum_ms) AS ms, sum(n_ratings) AS ratings, sum(sum_ratings) AS rating_sum
FROM
(
    SELECT day, provider, calls - aborted - rejected AS n_judged, ok AS n_answered, ms_sum AS sum_ms, 0 AS n_ratings, 0 AS sum_ratings
    FROM calls_by_day
    UNION ALL
    SELECT day, provider, 0, 0, 0, ratings, rating_sum FROM ratings_by_day WHERE provider != ''
) AS known
WHERE known.day >= {from:Date} AND known.day < {today:Date}
GROUP BY day, provider
ORDER BY day, provider
