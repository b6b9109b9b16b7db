-- Inserts nothing: fails when the table is missing, or may not be written.
INSERT INTO {table:Identifier}
SELECT * FROM {table:Identifier} WHERE 0
