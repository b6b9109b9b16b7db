-- What providers billed against what was recorded. invoiced, recorded, difference (invoiced - recorded): nano-dollars; ratio: of the
-- difference to what was recorded, NULL when that is 0. Days by the catalog's calendar; a provider's may be another one's.
SELECT
    toString(event_id) AS id, provider, from_date, to_date, amount AS invoiced,
    toInt64(sumIf(daily.cost, daily.day BETWEEN from_date AND to_date)) AS recorded,
    amount - recorded AS difference,
    if(recorded = 0, NULL, difference / recorded) AS ratio,
    note
FROM (SELECT * FROM cost_events FINAL WHERE kind = 'invoice') AS invoices
LEFT JOIN
(
    SELECT provider, day, sum(requests_by_hour.cost) AS cost FROM requests_by_hour WHERE provider != '' GROUP BY provider, day
) AS daily USING (provider)
GROUP BY event_id, provider, from_date, to_date, amount, note
ORDER BY from_date, provider, id
