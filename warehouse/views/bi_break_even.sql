-- The newest forecast of break-even, one row or none. made_at: when (UTC); state: reached, expected, beyond (not within 365 days) or unknown
-- (not enough history); day: first day on which revenue reaches the costs and stays there for 30 days, of what is reached the day since
-- when; earliest, latest: of what is expected, the same at both ends of the 80 % interval; reason: one sentence for people.
SELECT max(break_even.made_at) AS made_at, argMax(break_even.state, break_even.made_at) AS state,
    argMax(tuple(break_even.day), break_even.made_at).1 AS day,
    argMax(tuple(break_even.earliest), break_even.made_at).1 AS earliest, argMax(tuple(break_even.latest), break_even.made_at).1 AS latest,
    argMax(break_even.reason, break_even.made_at) AS reason
FROM break_even
HAVING count() > 0
