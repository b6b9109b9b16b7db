-- What views read instead of raw events. Each rollup is made anew as a whole for a day of the catalog's time zone, from collapsed
-- events, under a version of its own; rollup_builds says which version of a day holds. So a rebuild, a replay or a crash in
-- the middle changes no number, and a reader never sees half a day. Rows of older versions are deleted later.

CREATE TABLE IF NOT EXISTS rollup_builds
(
    name LowCardinality(String) COMMENT 'of the rollup: requests, ratings, activity, cohorts or subscriptions',
    day Date COMMENT 'in the catalog''s time zone; 1970-01-01: the rollup is always made as a whole',
    version UInt64 COMMENT 'microseconds since the epoch at which the build began; the highest of a day holds',
    input UInt64 COMMENT 'the newest thing that it was made from: microseconds since the epoch at which it came in or was built',
    timezone LowCardinality(String) COMMENT 'by whose calendar the day was cut'
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (name, day)
COMMENT 'which version of each day of each rollup holds: the one with the highest number';

CREATE TABLE IF NOT EXISTS arrivals
(
    topic LowCardinality(String) COMMENT 'requests or feedback',
    quarter DateTime('UTC') COMMENT 'start of the quarter of an hour (the smallest step of a time zone) in which the events happened',
    last_ingested_at SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'when the last of them came in'
)
ENGINE = AggregatingMergeTree
ORDER BY (topic, quarter)
COMMENT 'which times have got new rows; a copy of an event marks its time anew, which costs a rebuild and changes no number';

CREATE MATERIALIZED VIEW IF NOT EXISTS request_arrivals TO arrivals
AS SELECT 'requests' AS topic, toStartOfFifteenMinutes(ts) AS quarter, max(ingested_at) AS last_ingested_at
FROM request_events GROUP BY quarter;

CREATE MATERIALIZED VIEW IF NOT EXISTS feedback_arrivals TO arrivals
AS SELECT 'feedback' AS topic, toStartOfFifteenMinutes(ts) AS quarter, max(ingested_at) AS last_ingested_at
FROM feedback_events GROUP BY quarter;

-- What was there before the two views above.
INSERT INTO arrivals SELECT 'requests' AS topic, toStartOfFifteenMinutes(ts) AS quarter, max(ingested_at)
FROM request_events GROUP BY quarter;

INSERT INTO arrivals SELECT 'feedback' AS topic, toStartOfFifteenMinutes(ts) AS quarter, max(ingested_at)
FROM feedback_events GROUP BY quarter;

CREATE TABLE IF NOT EXISTS rollup_requests_hourly
(
    day Date COMMENT 'in the catalog''s time zone',
    hour DateTime('UTC') COMMENT 'start of the hour as the clock of that zone shows it',
    tier LowCardinality(String) COMMENT 'empty: not known',
    provider LowCardinality(String) COMMENT 'the last one called; empty: none was',
    feature LowCardinality(String) COMMENT 'empty: none',
    source LowCardinality(String) COMMENT 'live or simulated',
    version UInt64 COMMENT 'see rollup_builds',
    requests UInt64 COMMENT 'all outcomes',
    ok UInt64 COMMENT 'answered by a provider',
    cached UInt64 COMMENT 'answered from the cache',
    denied UInt64 COMMENT 'refused by the gateway',
    failed UInt64 COMMENT 'no provider answered',
    aborted UInt64 COMMENT 'the client went away',
    orphaned UInt64 COMMENT 'the gateway died; billed at their bound',
    input_tokens UInt64 COMMENT 'tokens, without cached ones' CODEC(T64, ZSTD(1)),
    cached_input_tokens UInt64 COMMENT 'tokens' CODEC(T64, ZSTD(1)),
    output_tokens UInt64 COMMENT 'tokens, reasoning included' CODEC(T64, ZSTD(1)),
    called UInt64 COMMENT 'requests with a billed answer of a provider: tokens above 0',
    cost UInt64 COMMENT 'nano-dollars' CODEC(T64, ZSTD(1)),
    cache_saved UInt64 COMMENT 'nano-dollars' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, version, hour, tier, provider, feature, source)
COMMENT 'requests and money by hour, tier, provider and feature';

CREATE TABLE IF NOT EXISTS rollup_latency_daily
(
    day Date COMMENT 'in the catalog''s time zone',
    tier LowCardinality(String) COMMENT 'empty: not known',
    provider LowCardinality(String) COMMENT 'empty: answered from the cache',
    feature LowCardinality(String) COMMENT 'empty: none',
    cached Bool COMMENT 'answered from the cache',
    version UInt64 COMMENT 'see rollup_builds',
    answers UInt64 COMMENT 'requests with outcome ok or cached',
    latency_sum Float64 COMMENT 'milliseconds',
    latency_max Float32 COMMENT 'milliseconds',
    latency AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), Float32) COMMENT 'milliseconds',
    streams UInt64 COMMENT 'answers as server-sent events',
    ttft_sum Float64 COMMENT 'milliseconds to the first token, streams only',
    ttft AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), Float32) COMMENT 'milliseconds to the first token, streams only'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, version, tier, provider, feature, cached)
COMMENT 'how long answers took: sums and sketches by day';

CREATE TABLE IF NOT EXISTS rollup_calls_daily
(
    day Date COMMENT 'in the catalog''s time zone',
    provider LowCardinality(String) COMMENT 'the one called',
    version UInt64 COMMENT 'see rollup_builds',
    calls UInt64 COMMENT 'all calls; a request may make several',
    ok UInt64 COMMENT 'answered',
    aborted UInt64 COMMENT 'given up because the client went away',
    rejected UInt64 COMMENT 'refused as invalid: the app''s mistake',
    ms_sum Float64 COMMENT 'milliseconds of the calls that were answered'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, version, provider)
COMMENT 'calls of providers by day';

CREATE TABLE IF NOT EXISTS rollup_minutes_daily
(
    day Date COMMENT 'in the catalog''s time zone',
    version UInt64 COMMENT 'see rollup_builds',
    minutes UInt32 COMMENT 'minutes with served requests',
    minutes_up UInt32 COMMENT 'of them, those in which at least 95 % of the served requests did not fail',
    peak_requests UInt64 COMMENT 'requests in the busiest minute'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, version)
COMMENT 'uptime by day';

CREATE TABLE IF NOT EXISTS rollup_users_daily
(
    day Date COMMENT 'in the catalog''s time zone',
    user_id String COMMENT 'the end user' CODEC(ZSTD(1)),
    tier LowCardinality(String) COMMENT 'at the time of the requests',
    version UInt64 COMMENT 'see rollup_builds' CODEC(Delta, ZSTD(1)),
    requests UInt32 COMMENT 'all outcomes' CODEC(T64, ZSTD(1)),
    cost UInt64 COMMENT 'nano-dollars' CODEC(T64, ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, version, user_id, tier)
COMMENT 'who was active on which day: exact, so that users can be counted over any days';

CREATE TABLE IF NOT EXISTS rollup_audience_daily
(
    day Date COMMENT 'in the catalog''s time zone',
    tier LowCardinality(String) COMMENT 'empty: not known',
    feature LowCardinality(String) COMMENT 'empty: none',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty: not known',
    device LowCardinality(String) COMMENT 'empty: not known',
    version UInt64 COMMENT 'see rollup_builds',
    requests UInt64 COMMENT 'all outcomes' CODEC(T64, ZSTD(1)),
    cost UInt64 COMMENT 'nano-dollars' CODEC(T64, ZSTD(1)),
    users AggregateFunction(uniqCombined64(14), String) COMMENT 'distinct users'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, version, tier, feature, country, device)
COMMENT 'what is used where and on which devices';

CREATE TABLE IF NOT EXISTS rollup_partitions_daily
(
    day Date COMMENT 'in the catalog''s time zone',
    hour DateTime('UTC') COMMENT 'start of the hour as the clock of that zone shows it',
    log_partition LowCardinality(String) COMMENT 'where in the log the events were read',
    version UInt64 COMMENT 'see rollup_builds',
    events UInt64 COMMENT 'copies of one event counted once',
    cost UInt64 COMMENT 'nano-dollars'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, version, hour, log_partition)
COMMENT 'events by partition of the log: what reconciliation counts';

CREATE TABLE IF NOT EXISTS rollup_ratings_daily
(
    day Date COMMENT 'of the rating, in the catalog''s time zone',
    provider LowCardinality(String) COMMENT 'of the rated answer; empty: from the cache, or the request is more than a week older',
    tier LowCardinality(String) COMMENT 'of the rated request; empty: not known',
    feature LowCardinality(String) COMMENT 'of the rated request; empty: none',
    version UInt64 COMMENT 'see rollup_builds',
    ratings UInt64 COMMENT 'how many',
    rating_sum UInt64 COMMENT 'their sum, each from 1 to 5'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, version, provider, tier, feature)
COMMENT 'what users think of the answers';

CREATE TABLE IF NOT EXISTS rollup_activity_daily
(
    day Date COMMENT 'in the catalog''s time zone',
    tier LowCardinality(String) COMMENT 'of the requests; empty: all tiers together',
    version UInt64 COMMENT 'see rollup_builds',
    active UInt64 COMMENT 'users with a request on this day',
    active_7 UInt64 COMMENT 'users with a request in the 7 days up to this one',
    active_30 UInt64 COMMENT 'users with a request in the 30 days up to this one',
    formerly_active UInt64 COMMENT 'users with a request in the 30 days before those',
    lost UInt64 COMMENT 'of them, those without one in the last 30'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, version, tier)
COMMENT 'active users over 1, 7 and 30 days, and who was lost';

CREATE TABLE IF NOT EXISTS rollup_cohorts_weekly
(
    day Date COMMENT 'Monday of the week, in the catalog''s time zone',
    cohort Date COMMENT 'Monday of the week in which the users signed up',
    version UInt64 COMMENT 'see rollup_builds',
    active UInt64 COMMENT 'users of the cohort with a request in the week'
)
ENGINE = MergeTree
ORDER BY (day, version, cohort)
COMMENT 'who of those who signed up in a week came in which week';

CREATE TABLE IF NOT EXISTS rollup_subscriptions_daily
(
    day Date COMMENT 'in the catalog''s time zone',
    tier LowCardinality(String) COMMENT 'empty: not known',
    version UInt64 COMMENT 'see rollup_builds',
    users Int64 COMMENT 'users in this tier at the end of the day',
    new_users UInt64 COMMENT 'users who were met for the first time, by their first tier',
    upgrades UInt64 COMMENT 'users who came into this paid tier from one that costs nothing',
    cancellations UInt64 COMMENT 'users who left this paid tier for one that costs nothing, or were erased'
)
ENGINE = MergeTree
ORDER BY (version, day, tier)
COMMENT 'users by tier, from the first event of a user to today; always made as a whole';

CREATE TABLE IF NOT EXISTS tier_facts
(
    tier LowCardinality(String) COMMENT 'name in the catalog',
    from_ts DateTime64(3, 'UTC') COMMENT 'since when it holds; 1970: always',
    monthly_price UInt64 COMMENT 'nano-dollars that a user of this tier pays a month',
    baseline_provider LowCardinality(String) COMMENT 'the most expensive provider that the tier may use; empty: none has a price',
    baseline_input UInt64 COMMENT 'pico-dollars for a token of input there',
    baseline_output UInt64 COMMENT 'pico-dollars for a token of output there',
    baseline_request UInt64 COMMENT 'nano-dollars for a call there',
    published_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'when it was written'
)
ENGINE = ReplacingMergeTree
ORDER BY (tier, from_ts)
COMMENT 'what views know of the catalog''s tiers, by date; read with FINAL';

CREATE TABLE IF NOT EXISTS break_even
(
    made_at DateTime64(3, 'UTC') COMMENT 'when it was worked out; JSON: milliseconds since the epoch',
    day Nullable(Date) COMMENT 'first day on which the forecast revenue reaches the forecast costs and stays there for 30 days; NULL: none within 365 days',
    reason String COMMENT 'one sentence for people'
)
ENGINE = ReplacingMergeTree
ORDER BY made_at
TTL toDateTime(made_at) + INTERVAL 400 DAY
COMMENT 'break-even as it was forecast, one row a run';

CREATE TABLE IF NOT EXISTS alert_deliveries
(
    alert_id UUID COMMENT 'of the alert',
    channel LowCardinality(String) COMMENT 'name in the catalog',
    event LowCardinality(String) COMMENT 'opened, repeated or resolved',
    alert_at DateTime64(3, 'UTC') COMMENT 'when that happened; JSON: milliseconds since the epoch',
    attempts UInt16 COMMENT 'tries so far',
    status LowCardinality(String) COMMENT 'delivered, waiting or given-up',
    next_at DateTime64(3, 'UTC') COMMENT 'when it is tried again; 1970: never',
    error String COMMENT 'of the last try; empty: it went well',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'the newest row of a delivery holds'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY (alert_at, alert_id, channel, event)
TTL toDateTime(alert_at) + INTERVAL 400 DAY
COMMENT 'what was told to whom; read with FINAL';

CREATE TABLE IF NOT EXISTS alert_silences
(
    id UUID COMMENT 'UUIDv7',
    kind LowCardinality(String) COMMENT 'of alerts; empty: every kind',
    subject String COMMENT 'of alerts; empty: every subject',
    until DateTime64(3, 'UTC') COMMENT 'nobody is told before; JSON: milliseconds since the epoch',
    reason String COMMENT 'why',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'the newest row of an id holds'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY id
TTL toDateTime(until) + INTERVAL 400 DAY
COMMENT 'alerts about which nobody wants to be told for a while; read with FINAL';
