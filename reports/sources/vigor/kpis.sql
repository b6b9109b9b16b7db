-- The last 30 complete days against the 30 before; NULL: not enough days to compare.
WITH
    (SELECT today FROM bi_overview) AS today,
    (SELECT days FROM bi_overview) AS days,
    (SELECT sum(cost) / 1e9 FROM bi_spend_daily WHERE day >= today - 30 AND day < today) AS spend_now,
    (SELECT sum(cost) / 1e9 FROM bi_spend_daily WHERE day >= today - 60 AND day < today - 30) AS spend_before,
    (SELECT sum(requests) FROM bi_spend_daily WHERE day >= today - 30 AND day < today) AS requests_now,
    (SELECT sum(requests) FROM bi_spend_daily WHERE day >= today - 60 AND day < today - 30) AS requests_before,
    (SELECT tuple(argMax(mrr, day) / 1e9, argMax(gross_margin, day), argMax(active_30, day)) FROM bi_business_daily WHERE day < today) AS business_now,
    (SELECT tuple(argMax(mrr, day) / 1e9, argMax(gross_margin, day), argMax(active_30, day)) FROM bi_business_daily WHERE day < today - 30) AS business_before,
    (SELECT tuple(sum(baseline) / 1e9, sum(cost) / 1e9) FROM bi_baseline_daily WHERE day >= today - 30 AND day < today) AS base,
    (
        SELECT if(sum(ratings) < 5, NULL, sumIf(satisfaction * ratings, satisfaction IS NOT NULL) / sumIf(ratings, satisfaction IS NOT NULL))
        FROM bi_performance_system WHERE day >= today - 30 AND day < today
    ) AS rating_now,
    (SELECT avg(uptime) FROM bi_performance_system WHERE day >= today - 30 AND day < today) AS uptime_now
SELECT
    spend_now AS spend_usd,
    if(days < 60 OR spend_before = 0, NULL, spend_now / spend_before - 1) AS spend_change,
    requests_now AS requests,
    if(days < 60 OR requests_before = 0, NULL, requests_now / requests_before - 1) AS requests_change,
    business_now.1 AS mrr_usd,
    if(days < 60 OR business_before.1 = 0, NULL, business_now.1 / business_before.1 - 1) AS mrr_change,
    business_now.2 AS gross_margin,
    if(days < 60, NULL, business_now.2 - business_before.2) AS margin_change,
    business_now.3 AS active_30,
    if(days < 60 OR business_before.3 = 0, NULL, business_now.3 / business_before.3 - 1) AS active_change,
    base.1 AS baseline_usd,
    base.1 - base.2 AS saved_usd,
    if(base.1 = 0, NULL, 1 - base.2 / base.1) AS saved_share,
    rating_now AS satisfaction,
    uptime_now AS uptime
