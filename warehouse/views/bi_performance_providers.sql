-- bi_performance_providers_over by day, over all days.
SELECT period AS day, * EXCEPT period
FROM bi_performance_providers_over(from = '1970-01-01', to = '2149-06-06', grain = 'day')
