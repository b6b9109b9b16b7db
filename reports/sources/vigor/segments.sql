SELECT
    multiIf(segment = 'daily', '1 daily', segment = 'regular', '2 regular', segment = 'occasional', '3 occasional', segment = 'once', '4 once', '5 away') AS rank,
    segment, if(tier = '', 'any', tier) AS tier, users, requests, cost / 1e9 AS cost_usd, share
FROM bi_user_segments
ORDER BY rank, tier
