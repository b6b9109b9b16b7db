SELECT made_at, if(day IS NULL, 'not within a year', formatDateTime(day, '%e %M %Y')) AS day_text, reason
FROM bi_break_even
