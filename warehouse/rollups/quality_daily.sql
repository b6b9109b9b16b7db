-- What shows of the quality of answers on some days, by the provider that gave them. Who asks once more says it of the first answer.
INSERT INTO rollup_quality_daily
SELECT
    day,
    judged.1 AS provider,
    {version:UInt64} AS version,
    countIf(judged.2) AS answers,
    countIf(judged.2 AND cut_off) AS cut_off,
    countIf(judged.2 AND empty) AS empty,
    countIf(judged.2 AND refused) AS refused,
    countIf(judged.2 AND filtered) AS filtered,
    countIf(judged.2 AND invalid_json) AS invalid_json,
    countIf(NOT judged.2) AS asked_again
FROM
(
    SELECT
        toDate(ts, {zone:String}) AS day,
        request_events.cut_off AS cut_off, request_events.empty AS empty, request_events.refused AS refused,
        request_events.filtered AS filtered, request_events.invalid_json AS invalid_json,
        arrayFilter(part -> part.1 != '', [(if(outcome = 'ok', toString(provider), ''), true), (toString(asked_again_of), false)]) AS parts
    FROM request_events FINAL
    WHERE ts >= fromUnixTimestamp64Milli({from:Int64}) AND ts < fromUnixTimestamp64Milli({to:Int64})
        AND (outcome = 'ok' OR asked_again_of != '')
)
ARRAY JOIN parts AS judged
GROUP BY day, provider
SETTINGS do_not_merge_across_partitions_select_final = 1
