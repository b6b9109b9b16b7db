SELECT toString(period) AS period, provider, answers, cut_off AS cutOff, empty, refused, filtered, invalid_json AS invalidJson,
    asked_again AS askedAgain
FROM bi_quality_over(from = {from:Date}, to = {to:Date}, grain = {grain:String})
ORDER BY period, provider
