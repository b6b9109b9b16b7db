-- The same of a rollup that is always made as a whole.
SELECT count() AS rows FROM {table:Identifier}
WHERE version < {before:UInt64} AND version != (SELECT max(rollup_builds.version) FROM rollup_builds WHERE name = {name:String})
