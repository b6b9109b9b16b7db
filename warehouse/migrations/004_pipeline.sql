-- What the pipeline's jobs write. JSON columns are strings that hold one JSON document; empty: none.

CREATE TABLE IF NOT EXISTS settings
(
    key LowCardinality(String) COMMENT 'timezone (IANA name), daily_budget_nano, weekly_budget_nano, target_daily_spend_nano',
    value String COMMENT 'as text; money in nano-dollars',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'the newest row of a key holds'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY key
COMMENT 'values of the catalog that views read; read with FINAL';

CREATE TABLE IF NOT EXISTS decisions
(
    id UUID COMMENT 'UUIDv7',
    ts DateTime64(3, 'UTC') COMMENT 'when the rule was evaluated; JSON: milliseconds since the epoch',
    rule LowCardinality(String) COMMENT 'name in the catalog',
    priority LowCardinality(String) COMMENT 'high, medium or low',
    mode LowCardinality(String) COMMENT 'act or observe',
    condition String COMMENT 'the rule''s CEL text as evaluated',
    inputs String COMMENT 'JSON: metric names to values; null = not known then',
    outcome LowCardinality(String) COMMENT 'fired, holding, cooling-down, not-met, unknown-metric, suppressed, blocked',
    reason String COMMENT 'one sentence for people',
    action String COMMENT 'JSON: what the rule says to do',
    instruction String COMMENT 'JSON: the directive''s kind and params; empty: none was worked out',
    directive_id UUID COMMENT 'the directive issued; zeros: none',
    simulated_effect String COMMENT 'JSON: what it should change; empty: not simulated',
    guard_rails String COMMENT 'JSON array: name, passed, detail',
    verified_at DateTime64(3, 'UTC') COMMENT '1970: not yet verified',
    verified_effect String COMMENT 'JSON: what it did change; empty: not yet verified',
    verdict LowCardinality(String) COMMENT 'kept, rolled-back, inconclusive; empty: not yet verified',
    catalog_version LowCardinality(String) COMMENT 'of the catalog that holds the rule',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'the newest row of an id holds',
    CONSTRAINT has_id CHECK id != toUUID('00000000-0000-0000-0000-000000000000'),
    CONSTRAINT has_time CHECK toUnixTimestamp64Milli(ts) > 0
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY (ts, id)
COMMENT 'evaluations of rules and what came of them; read with FINAL';

CREATE TABLE IF NOT EXISTS forecasts
(
    run_id UUID COMMENT 'one run of the forecast job',
    made_at DateTime64(3, 'UTC') COMMENT 'when; JSON: milliseconds since the epoch',
    series LowCardinality(String) COMMENT 'what is forecast: daily_spend, daily_requests, daily_active_users; with :provider=x or :tier=x for a part',
    unit LowCardinality(String) COMMENT 'nano-usd, requests or users',
    scenario LowCardinality(String) DEFAULT 'expected' COMMENT 'expected, conservative, optimistic or pessimistic',
    target_date Date COMMENT 'the day that is forecast, in the catalog''s time zone',
    horizon_days UInt16 COMMENT 'days from the last known day to the target; 1 = the next day',
    point Float64 COMMENT 'in the unit of the series',
    lo80 Float64 COMMENT 'in the unit of the series',
    hi80 Float64 COMMENT 'in the unit of the series',
    lo95 Float64 COMMENT 'in the unit of the series',
    hi95 Float64 COMMENT 'in the unit of the series',
    model LowCardinality(String) COMMENT 'which model was chosen',
    backtest_mae Float64 DEFAULT nan COMMENT 'mean absolute error of the backtest, in the unit; NaN: no backtest',
    backtest_mase Float64 DEFAULT nan COMMENT 'the same, scaled by the seasonal naive error; NaN: no backtest',
    backtest_wape Float64 DEFAULT nan COMMENT 'sum of absolute errors / sum of actuals; NaN: no backtest',
    backtest_coverage80 Float64 DEFAULT nan COMMENT 'share of actuals inside the 80 % interval; NaN: no backtest',
    backtest_folds UInt16 COMMENT 'origins of the backtest; 0: no backtest',
    CONSTRAINT has_run CHECK run_id != toUUID('00000000-0000-0000-0000-000000000000')
)
ENGINE = ReplacingMergeTree
ORDER BY (series, made_at, run_id, scenario, target_date)
COMMENT 'what the forecast job published; read with FINAL';

CREATE TABLE IF NOT EXISTS alerts
(
    id UUID COMMENT 'UUIDv7; one alert from open to resolved',
    kind LowCardinality(String) COMMENT 'cost-spike, heavy-usage, provider-down, ...',
    subject String COMMENT 'what it is about (a provider, a tier); empty: the whole product',
    severity LowCardinality(String) COMMENT 'info, warning or critical',
    status LowCardinality(String) COMMENT 'open, acknowledged or resolved',
    opened_at DateTime64(3, 'UTC') COMMENT 'JSON: milliseconds since the epoch',
    notified_at DateTime64(3, 'UTC') COMMENT 'last time that somebody was told; 1970: nobody yet',
    resolved_at DateTime64(3, 'UTC') COMMENT '1970: not yet',
    message String COMMENT 'one sentence for people',
    details String COMMENT 'JSON: the numbers behind it; empty: none',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'the newest row of an id holds'
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY (opened_at, id)
COMMENT 'alerts, each a state machine; read with FINAL';

CREATE TABLE IF NOT EXISTS job_runs
(
    job LowCardinality(String) COMMENT 'name in the timetable',
    due_at DateTime64(3, 'UTC') COMMENT 'when it was due; JSON: milliseconds since the epoch',
    started_at DateTime64(3, 'UTC') COMMENT 'when it started',
    finished_at DateTime64(3, 'UTC') COMMENT '1970: not finished',
    status LowCardinality(String) COMMENT 'running, ok or failed',
    report String COMMENT 'JSON: what it did; empty: nothing reported',
    error String COMMENT 'why it failed; empty: it did not',
    updated_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'the newest row of a run holds'
)
ENGINE = ReplacingMergeTree(updated_at)
PARTITION BY toYYYYMM(due_at)
ORDER BY (job, due_at)
TTL toDateTime(due_at) + INTERVAL 90 DAY
COMMENT 'runs of the pipeline''s jobs; read with FINAL';
