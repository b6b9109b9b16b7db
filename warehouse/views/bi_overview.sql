-- What a report needs to know of itself, one row. timezone: IANA name; today: by its calendar; first_day: of the first request, NULL: none
-- yet; days: complete ones since then; simulated_share: of the requests of the last 30 complete days and today, NULL without any;
-- daily_budget, weekly_budget, target_daily_spend: nano-dollars, NULL: not set; as_of: now, UTC.
WITH coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone
SELECT
    zone AS timezone,
    toDate(now(), zone) AS today,
    (SELECT if(count() = 0, NULL, min(day)) FROM bi_sources_daily) AS first_day,
    if(first_day IS NULL, 0, today - first_day) AS days,
    (
        SELECT if(sum(requests) = 0, NULL, sumIf(requests, source = 'simulated') / sum(requests))
        FROM bi_sources_daily WHERE day >= today - 30
    ) AS simulated_share,
    (SELECT anyOrNull(toInt64OrNull(value)) FROM settings FINAL WHERE key = 'daily_budget_nano') AS daily_budget,
    (SELECT anyOrNull(toInt64OrNull(value)) FROM settings FINAL WHERE key = 'weekly_budget_nano') AS weekly_budget,
    (SELECT anyOrNull(toInt64OrNull(value)) FROM settings FINAL WHERE key = 'target_daily_spend_nano') AS target_daily_spend,
    now() AS as_of
