-- Ratings by day; see rollup_ratings_daily.
SELECT * EXCEPT version
FROM rollup_ratings_daily
WHERE (day, version) IN (SELECT day, latest FROM current_builds WHERE name = 'ratings')
