-- What rules need of growth and the further future, one row; it changes by the hour. NULL = not known: no forecast, too little history.
WITH expected AS
(
    SELECT measure, horizon_days, point FROM bi_forecasts
    WHERE dimension = '' AND scenario = 'expected' AND made_at > now64(3) - INTERVAL 2 DAY AND horizon_days BETWEEN 1 AND 28
)
SELECT
    (
        SELECT if(countIf(horizon_days <= 7) != 7, NULL, maxIf(point, horizon_days <= 7))
        FROM expected WHERE measure = 'daily_spend'
    ) AS forecast_peak_day_spend,
    (
        SELECT if(count() != 28 OR avgIf(point, horizon_days <= 7) <= 0, NULL, avgIf(point, horizon_days > 21) / avgIf(point, horizon_days <= 7))
        FROM expected WHERE measure = 'daily_requests'
    ) AS forecast_usage_ratio,
    (
        SELECT
            if(countIf(horizon_days <= 14) != 14 OR avgIf(point, horizon_days <= 7) <= 0, NULL,
                pow(greatest(0., avgIf(point, horizon_days BETWEEN 8 AND 14)) / avgIf(point, horizon_days <= 7), 1 / 7) - 1)
        FROM expected WHERE measure = 'daily_active_users'
    ) AS forecast_user_growth
