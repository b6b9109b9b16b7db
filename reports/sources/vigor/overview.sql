SELECT
    timezone, today, first_day, days, simulated_share,
    ifNull(simulated_share, 0) > 0 AS has_simulated,
    formatDateTime(as_of, '%e %M %Y, %H:%i') AS as_of_text,
    formatDateTime(first_day, '%e %M %Y') AS first_day_text,
    daily_budget / 1e9 AS daily_budget_usd,
    weekly_budget / 1e9 AS weekly_budget_usd,
    target_daily_spend / 1e9 AS target_daily_usd
FROM bi_overview
