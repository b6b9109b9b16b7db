-- The week from a Monday (7 days) against the one before, one row. Money in nano-dollars; NULL = not known.
WITH {monday:Date} AS monday
SELECT
    (SELECT sum(cost) FROM bi_spend_daily WHERE day BETWEEN monday AND monday + 6) AS spend,
    (SELECT nullIf(sum(cost), 0) FROM bi_spend_daily WHERE day BETWEEN monday - 7 AND monday - 1) AS spend_before,
    (SELECT sum(requests) FROM bi_spend_daily WHERE day BETWEEN monday AND monday + 6) AS requests,
    (SELECT nullIf(sum(requests), 0) FROM bi_spend_daily WHERE day BETWEEN monday - 7 AND monday - 1) AS requests_before,
    (SELECT if(count() = 0, NULL, argMax(active_7, day)) FROM bi_users_daily WHERE day <= monday + 6) AS active,
    (SELECT if(count() = 0, NULL, argMax(tuple(mrr), day).1) FROM bi_business_daily WHERE day <= monday + 6) AS mrr,
    (SELECT if(count() = 0, NULL, argMax(tuple(gross_margin), day).1) FROM bi_business_daily WHERE day <= monday + 6) AS margin,
    (
        SELECT if(sum(baseline) = 0, NULL, toInt64(sum(baseline)) - toInt64(sum(cost)))
        FROM bi_baseline_daily WHERE day BETWEEN monday AND monday + 6
    ) AS saved,
    (
        SELECT if(count() < 7, NULL, sum(point))
        FROM bi_forecasts WHERE measure = 'daily_spend' AND dimension = '' AND scenario = 'expected' AND horizon_days BETWEEN 1 AND 7
    ) AS forecast,
    (SELECT count() FROM bi_alerts WHERE toDate(opened_at) BETWEEN monday AND monday + 6) AS alerts,
    (SELECT countIf(issued) FROM bi_decisions WHERE toDate(ts) BETWEEN monday AND monday + 6) AS acts,
    (SELECT ifNull(simulated_share, 0) FROM bi_overview) AS simulated_share
