-- What a user's requests come to, in nano-dollars: for ever, and in the current calendar day, week and month of the time zone.
WITH toTimeZone(now64(3), {timezone:String}) AS local_now
SELECT
    toFloat64(countIf(outcome != 'denied')) AS requests,
    toFloat64(countIf(outcome = 'denied')) AS denied,
    toFloat64(sum(cost)) AS costNano,
    toFloat64(sumIf(cost, ts >= toStartOfDay(local_now))) AS todayNano,
    toFloat64(sumIf(cost, toDate(ts, {timezone:String}) >= toMonday(local_now))) AS weekNano,
    toFloat64(sumIf(cost, toDate(ts, {timezone:String}) >= toStartOfMonth(local_now))) AS monthNano
FROM request_events FINAL
WHERE user_id = {user:String}
