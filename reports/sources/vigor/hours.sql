SELECT hour_of_day, concat(leftPad(toString(hour_of_day), 2, '0'), ':00') AS hour, requests / 28 AS requests_a_day, ratio, if(is_peak, 'peak', 'normal') AS kind
FROM bi_usage_hours
ORDER BY hour_of_day
