-- One row: what is happening now. Money in nano-dollars; NULL = not known (no setting, no history), never 0 instead.
-- Days and hours are calendar ones in the catalog's time zone. Normal = median of the same hour on the 14 days before,
-- or of the last 24 hours while there are fewer days. The rest of today is the mean of the same time of day on the
-- days before, or goes on like the last 24 hours while there is no full day. A day is taken as 24 hours for both.
WITH
    coalesce(nullIf((SELECT any(value) FROM settings FINAL WHERE key = 'timezone'), ''), 'UTC') AS zone,
    (SELECT anyOrNull(toInt64OrNull(value)) FROM settings FINAL WHERE key = 'daily_budget_nano') AS daily_budget,
    (SELECT anyOrNull(toInt64OrNull(value)) FROM settings FINAL WHERE key = 'target_daily_spend_nano') AS target_daily_spend,
    toUnixTimestamp(now()) AS at,
    intDiv(at, 900) * 900 AS quarter,
    toDate(now(), zone) AS today_there,
    toUnixTimestamp(toStartOfDay(toDateTime(today_there + 1, zone), zone)) AS day_end,
    intDiv(at - history.first_start, 86400) AS full_days,
    least(full_days, 14) AS days,
    -- What each hour before cost, as far back as it is known.
    arrayMap(h -> arraySum(q -> if(q.1 >= quarter - (h + 1) * 3600 AND q.1 < quarter - h * 3600, q.2, 0), history.quarters),
        range(1, least(25, 1 + intDiv(at - history.first_start, 3600)))) AS hours_before,
    arrayMap(d -> arraySum(q -> if(q.1 >= quarter - 3600 - d * 86400 AND q.1 < quarter - d * 86400, q.2, 0), history.quarters),
        range(1, 15)) AS same_hours,
    -- What the time from now to midnight cost on the days before; the current quarter counts for what is left of it.
    arrayMap(d -> arraySum(q -> multiIf(
            q.1 = quarter - d * 86400, q.2 * (quarter + 900 - at) / 900.,
            q.1 > quarter - d * 86400 AND q.1 < day_end - d * 86400, q.2, 0), history.quarters),
        range(1, 1 + days)) AS rests_of_days,
    -- Less than an hour of history is taken as an hour, so that a first burst is not drawn out over the day.
    recent.last_day_cost / greatest(3600, least(86400, at - toUnixTimestamp(recent.first_ts))) AS cost_per_second,
    nullIf(arrayReduce('median', if(full_days >= 14, same_hours, hours_before)), 0) AS normal,
    if(isNaN(normal), NULL, normal) AS normal_hourly_spend
SELECT
    now64(3, 'UTC') AS as_of,
    zone AS timezone,
    recent.hourly_spend AS hourly_spend,
    recent.daily_spend AS daily_spend,
    recent.simulated_daily_spend AS simulated_daily_spend,
    recent.requests_today AS requests_today,
    multiIf(
        days > 0, recent.daily_spend + arrayAvg(rests_of_days),
        recent.events > 0, recent.daily_spend + cost_per_second * (day_end - at),
        NULL) AS projected_daily_spend,
    -- 80 % of days end between these, if the rest of today is like the rest of one of the days before.
    if(days >= 5, recent.daily_spend + arrayReduce('quantile(0.1)', rests_of_days), NULL) AS projected_daily_spend_low80,
    if(days >= 5, recent.daily_spend + arrayReduce('quantile(0.9)', rests_of_days), NULL) AS projected_daily_spend_high80,
    multiIf(days > 0, 'time-of-day profile', recent.events > 0, 'last 24 hours', '') AS projection_basis,
    recent.users_online AS users_online,
    recent.requests_per_minute AS requests_per_minute,
    if(recent.last_hour_ok = 0, NULL, recent.last_hour_cost / recent.last_hour_ok) AS avg_cost_per_request,
    recent.last_hour_cost AS last_hour_spend,
    normal_hourly_spend,
    recent.last_hour_cost > 2 * normal_hourly_spend AS cost_spike,
    daily_budget,
    target_daily_spend,
    recent.daily_spend > 0.8 * daily_budget AS heavy_usage,
    recent.served_5m AS served_5m,
    recent.failed_5m AS failed_5m,
    notEmpty(providers.down) AS provider_down,
    providers.down AS providers_down
FROM
(
    SELECT
        count() AS events,
        min(ts) AS first_ts,
        sumIf(cost, toStartOfHour(ts, zone) = toStartOfHour(now(), zone)) AS hourly_spend,
        sumIf(cost, toDate(ts, zone) = today_there) AS daily_spend,
        sumIf(cost, toDate(ts, zone) = today_there AND source = 'simulated') AS simulated_daily_spend,
        countIf(toDate(ts, zone) = today_there) AS requests_today,
        sumIf(cost, ts > now64(3) - INTERVAL 1 DAY) AS last_day_cost,
        sumIf(cost, ts > now64(3) - INTERVAL 1 HOUR) AS last_hour_cost,
        countIf(outcome IN ('ok', 'cached') AND ts > now64(3) - INTERVAL 1 HOUR) AS last_hour_ok,
        uniqExactIf(user_id, user_id != '' AND ts > now64(3) - INTERVAL 5 MINUTE) AS users_online,
        countIf(ts > now64(3) - INTERVAL 60 SECOND) AS requests_per_minute,
        countIf(result IN ('ok', 'cached', 'failed', 'aborted') AND ts > now64(3) - INTERVAL 5 MINUTE) AS served_5m,
        countIf(result = 'failed' AND ts > now64(3) - INTERVAL 5 MINUTE) AS failed_5m
    FROM request_events FINAL
    -- A calendar day has at most 25 hours.
    WHERE ts >= now64(3) - INTERVAL 26 HOUR
) AS recent
CROSS JOIN
(
    SELECT
        if(count() = 0, toUnixTimestamp(now()), toUnixTimestamp(min(start))) AS first_start,
        groupArray((toInt64(toUnixTimestamp(start)), toFloat64(cost))) AS quarters
    FROM spend_quarter_hours
) AS history
CROSS JOIN
(
    -- Under half of at least 20 calls went well. What the app aborted or asked wrongly says nothing about the provider.
    SELECT groupArraySorted(100)(provider) AS down
    FROM
    (
        SELECT call.provider AS provider, count() AS calls, countIf(call.outcome = 'ok') AS ok
        FROM request_events FINAL ARRAY JOIN attempts AS call
        WHERE ts > now64(3) - INTERVAL 5 MINUTE AND call.outcome NOT IN ('aborted', 'rejected')
        GROUP BY provider
        HAVING calls >= 20 AND ok < 0.5 * calls
    )
) AS providers
