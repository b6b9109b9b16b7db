-- What the views read now.
SELECT key, value FROM settings FINAL
