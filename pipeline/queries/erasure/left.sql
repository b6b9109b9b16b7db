-- Rows that still name a user who is erased, by table; running: changes of these tables that have not ended.
WITH
    {users:Array(String)} AS users,
    {erased_at:Array(Int64)} AS erased_at,
    {ends_at:Array(Int64)} AS ends_at
SELECT
    (SELECT count() FROM request_events
        WHERE has(users, user_id) AND toUnixTimestamp64Milli(ts) <= transform(user_id, users, ends_at, toInt64(0))) AS requests,
    (SELECT count() FROM feedback_events
        WHERE has(users, user_id) AND toUnixTimestamp64Milli(ts) <= transform(user_id, users, ends_at, toInt64(0))) AS ratings,
    (SELECT count() FROM dead_letters WHERE has(users, key)) AS dead_letters,
    (SELECT count() FROM admin_actions
        WHERE path LIKE '/api/users/%' AND has(users, subject)
            AND (method = 'DELETE' OR toUnixTimestamp64Milli(ts) <= transform(subject, users, erased_at, toInt64(0)))) AS actions,
    (SELECT count() FROM system.mutations
        WHERE database = currentDatabase() AND NOT is_done
            AND table IN ('request_events', 'feedback_events', 'dead_letters', 'admin_actions', 'user_events')) AS running
