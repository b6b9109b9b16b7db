SELECT hour_of_day AS hourOfDay, requests, ratio, is_peak = 1 AS isPeak
FROM bi_usage_hours_over(from = {from:Date}, to = {to:Date})
ORDER BY hourOfDay
