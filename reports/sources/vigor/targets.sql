SELECT
    replaceAll(target, '-', ' ') AS name,
    value, goal, unit,
    multiIf(value IS NULL, 'not known yet', met, '✓ met', '✗ missed') AS state,
    multiIf(
        value IS NULL, 'not known yet',
        unit = 'usd', concat('$', toDecimalString(value, 2)),
        unit = 'share', concat(toDecimalString(value * 100, 1), ' %'),
        unit = 'ms', concat(toDecimalString(value / 1000, 2), ' s'),
        toDecimalString(value, 2)) AS value_text,
    concat(
        if(target IN ('cost-per-active-user', 'response-time'), 'at most ', 'at least '),
        multiIf(
            unit = 'usd', concat('$', toDecimalString(goal, 2)),
            unit = 'share', concat(toDecimalString(goal * 100, 1), ' %'),
            unit = 'ms', concat(toDecimalString(goal / 1000, 1), ' s'),
            toDecimalString(goal, 1))) AS goal_text
FROM bi_targets
