-- The rows themselves, not only their mark: they may name users.
ALTER TABLE {table:Identifier}
DELETE WHERE version < {before:UInt64}
    AND (day, version) NOT IN (SELECT day, max(rollup_builds.version) FROM rollup_builds WHERE name = {name:String} GROUP BY day)
SETTINGS mutations_sync = 1
