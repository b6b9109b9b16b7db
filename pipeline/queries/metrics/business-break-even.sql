SELECT toUnixTimestamp64Milli(bi_break_even.made_at) AS madeAt, toString(bi_break_even.day) AS day, reason
FROM bi_break_even
