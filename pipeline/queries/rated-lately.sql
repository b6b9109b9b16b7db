-- What users thought in the last week, one row: each user counts once, with the mean of what they gave.
SELECT count() AS raters, sum(stars) AS star_sum, sum(stars * stars) AS star_squares
FROM
(
    SELECT avg(rating) AS stars
    FROM counted_ratings(from = toUnixTimestamp64Milli(now64(3) - INTERVAL 7 DAY), to = toUnixTimestamp64Milli(now64(3)))
    GROUP BY user_id
)
