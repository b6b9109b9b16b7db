SELECT toString(period) AS period, dimension, value, requests, share, users, cost
FROM bi_usage_patterns_over(from = {from:Date}, to = {to:Date}, grain = {grain:String})
ORDER BY period, dimension, requests DESC, value
