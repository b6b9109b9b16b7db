-- How sure the day is.

ALTER TABLE break_even ADD COLUMN IF NOT EXISTS earliest Nullable(Date) COMMENT 'the day with the 80 % interval of revenue - costs at its best; NULL: none within 365 days' AFTER day;

ALTER TABLE break_even ADD COLUMN IF NOT EXISTS latest Nullable(Date) COMMENT 'the same at its worst' AFTER earliest;
