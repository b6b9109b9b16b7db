SELECT made_at,
    multiIf(
        state = 'unknown', 'not enough history',
        day IS NULL, 'not within a year',
        concat(if(state = 'reached', 'since ', ''), formatDateTime(assumeNotNull(day), '%e %M %Y'))) AS day_text,
    if(state = 'unknown', '', concat('(', reason, ')')) AS reason
FROM bi_break_even
