-- What is happening now, one row. NULL = not known. Money in nano-dollars.
SELECT
    toUnixTimestamp64Milli(as_of) AS as_of,
    timezone,
    hourly_spend,
    daily_spend,
    requests_today,
    projected_daily_spend,
    projection_basis,
    users_online,
    requests_per_minute,
    avg_cost_per_request,
    last_hour_spend,
    normal_hourly_spend,
    CAST(cost_spike, 'Nullable(Bool)') AS cost_spike,
    CAST(heavy_usage, 'Nullable(Bool)') AS heavy_usage,
    CAST(provider_down, 'Nullable(Bool)') AS provider_down,
    providers_down,
    daily_budget,
    target_daily_spend,
    served_5m,
    failed_5m
FROM bi_realtime
