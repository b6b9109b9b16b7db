-- bi_quality_over by day, over all days.
SELECT period AS day, * EXCEPT period
FROM bi_quality_over(from = '1970-01-01', to = '2149-06-06', grain = 'day')
