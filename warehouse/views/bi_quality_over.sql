-- What shows of the quality of each provider's answers without a rating, from a day to a day (both included), by grain: day, week (its
-- Monday), month (its first) or total (from). answers: requests that it answered; of them, as shares: cut_off (stopped at the output
-- limit), empty (no text, refusal or call of a tool), refused (the model would not), filtered (the provider's filter took it or a part of
-- it), invalid_json (JSON was asked for, and the text is none); asked_again: the same user's same request once more within a minute /
-- answers; NULL without answers. One answer may show several. Events of before it was recorded count as answers with nothing wrong.
SELECT
    period, provider, n AS answers,
    if(n = 0, NULL, n_cut_off / n) AS cut_off,
    if(n = 0, NULL, n_empty / n) AS empty,
    if(n = 0, NULL, n_refused / n) AS refused,
    if(n = 0, NULL, n_filtered / n) AS filtered,
    if(n = 0, NULL, n_invalid_json / n) AS invalid_json,
    if(n = 0, NULL, n_asked_again / n) AS asked_again
FROM
(
    SELECT
        multiIf({grain:String} = 'week', toMonday(day), {grain:String} = 'month', toStartOfMonth(day), {grain:String} = 'total', {from:Date}, day) AS period, provider,
        sum(quality_by_day.answers) AS n,
        sum(quality_by_day.cut_off) AS n_cut_off,
        sum(quality_by_day.empty) AS n_empty,
        sum(quality_by_day.refused) AS n_refused,
        sum(quality_by_day.filtered) AS n_filtered,
        sum(quality_by_day.invalid_json) AS n_invalid_json,
        sum(quality_by_day.asked_again) AS n_asked_again
    FROM quality_by_day
    WHERE day BETWEEN {from:Date} AND {to:Date}
    GROUP BY period, provider
)
ORDER BY period, provider
