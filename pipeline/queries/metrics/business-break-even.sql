SELECT toUnixTimestamp64Milli(bi_break_even.made_at) AS madeAt, state, toString(bi_break_even.day) AS day, toString(bi_break_even.earliest) AS earliest, toString(bi_break_even.latest) AS latest, reason
FROM bi_break_even
