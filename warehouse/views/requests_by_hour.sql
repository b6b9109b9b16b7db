-- Requests and money by hour, tier, provider, feature and source; see rollup_requests_hourly.
SELECT * EXCEPT version
FROM rollup_requests_hourly
WHERE (day, version) IN (SELECT day, latest FROM current_builds WHERE name = 'requests')
