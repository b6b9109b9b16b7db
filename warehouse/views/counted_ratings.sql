-- The ratings that count, at the moment they were given: of an answer that is in request_events, by the user and through the app that
-- had asked for it, at most a week after it; of each answer the last one. rating: 1 to 5; provider, tier, feature, source: of the request.
-- from, to: milliseconds since the epoch. A rating that was changed later counts when it was changed.
SELECT request_id, user_id, rating_ts AS ts, stars AS rating, provider, tier, feature, source
FROM
(
    SELECT
        given.request_id AS request_id, given.user_id AS user_id, given.rating_ts AS rating_ts, given.stars AS stars,
        asked.provider AS provider, asked.tier AS tier, asked.feature AS feature, asked.source AS source
    FROM
    (
        SELECT request_id, user_id, app_id AS rating_app, feedback_events.ts AS rating_ts, event_id, feedback_events.rating AS stars
        FROM feedback_events FINAL
        WHERE feedback_events.ts >= fromUnixTimestamp64Milli({from:Int64})
            AND feedback_events.ts < fromUnixTimestamp64Milli({to:Int64}) + INTERVAL 7 DAY
    ) AS given
    INNER JOIN
    (
        -- Copies of a request agree, but for an orphaned one that gave way to a real one.
        SELECT
            request_id, user_id, min(request_events.ts) AS asked_at,
            argMax(request_events.app_id, certainty) AS app, argMax(request_events.outcome, certainty) AS became,
            argMax(request_events.provider, certainty) AS provider, argMax(request_events.tier, certainty) AS tier,
            argMax(request_events.feature, certainty) AS feature, argMax(request_events.source, certainty) AS source
        FROM request_events
        WHERE request_events.ts >= fromUnixTimestamp64Milli({from:Int64}) - INTERVAL 7 DAY
            AND request_events.ts < fromUnixTimestamp64Milli({to:Int64})
            AND request_id IN
            (
                SELECT request_id FROM feedback_events
                WHERE feedback_events.ts >= fromUnixTimestamp64Milli({from:Int64}) AND feedback_events.ts < fromUnixTimestamp64Milli({to:Int64})
            )
        GROUP BY request_id, user_id
    ) AS asked ON asked.request_id = given.request_id AND asked.user_id = given.user_id
    WHERE became IN ('ok', 'cached', 'aborted') AND rating_app IN ('', app) AND rating_ts <= asked_at + INTERVAL 7 DAY
    ORDER BY rating_ts DESC, event_id DESC
    LIMIT 1 BY request_id
)
WHERE rating_ts < fromUnixTimestamp64Milli({to:Int64})
