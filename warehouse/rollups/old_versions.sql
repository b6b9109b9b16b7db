-- Rows of a rollup that a later build has replaced, or whose build never ended.
SELECT count() AS rows FROM {table:Identifier}
WHERE version < {before:UInt64}
    AND (day, version) NOT IN (SELECT day, max(rollup_builds.version) FROM rollup_builds WHERE name = {name:String} GROUP BY day)
