-- Active users are counted among the known ones, in the tier of the day's end: every day is built anew.

DELETE FROM rollup_builds WHERE name = 'activity';
