-- As in delete_old_versions.sql.
ALTER TABLE {table:Identifier}
DELETE WHERE version < {before:UInt64} AND version != (SELECT max(rollup_builds.version) FROM rollup_builds WHERE name = {name:String})
SETTINGS mutations_sync = 1
