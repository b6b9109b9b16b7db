import type { TierRow, UsersDay } from "../data/shapes/metrics.ts";
import { count, percent, usd } from "../format.ts";
import { Figure } from "../parts/figure.tsx";
import { Known } from "../parts/known.tsx";
import { Table } from "../parts/table.tsx";

/** How many there are, and how many come back. */
export function Audience({ days }: { days: readonly UsersDay[] }) {
  const today = days.at(-1);
  const lineOf = (read: (day: UsersDay) => number | null) => days.map(read);
  return (
    <ul class="figures figures-4" aria-label="Users, last 30 days">
      <Figure
        name="totalUsers"
        title="Users"
        value={count(today?.totalUsers)}
        hint={`${count(today?.newUsers)} new today`}
        line={lineOf(({ totalUsers }) => totalUsers)}
        lineOf="by day"
      />
      <Figure
        name="activeToday"
        title="Active today"
        value={count(today?.active)}
        hint="at least one request"
        line={lineOf(({ active }) => active)}
        lineOf="by day"
      />
      <Figure
        name="active30"
        title="Active in 30 days"
        value={count(today?.active30)}
        hint="at least one request"
        line={lineOf(({ active30 }) => active30)}
        lineOf="by day"
      />
      <Figure
        name="churnRate"
        title="Churn in a month"
        value={percent(today?.churnRate)}
        hint={today?.churnRate === null ? "needs 60 days of history" : "active before, not in these 30 days"}
        line={lineOf(({ churnRate }) => churnRate)}
        lineOf="by day"
      />
    </ul>
  );
}

/** The last day that is there, by tier. */
export function Tiers({ rows }: { rows: readonly TierRow[] }) {
  const day = rows
    .map((row) => row.day)
    .sort()
    .at(-1);
  return (
    <Table
      caption="Tiers"
      rows={rows.filter((row) => row.day === day)}
      keyOf={({ tier }) => tier}
      empty="No user has made a request yet."
      columns={[
        { title: "Tier", show: ({ tier }) => <strong>{tier}</strong> },
        { title: "Users", kind: "number", show: ({ users }) => count(users) },
        { title: "Active today", kind: "number", show: ({ active }) => count(active) },
        { title: "Active in 30 days", kind: "number", show: ({ active30 }) => count(active30) },
        { title: "Requests today", kind: "number", show: ({ requests }) => count(requests) },
        { title: "Cost today", kind: "number", show: ({ cost }) => usd(cost) },
        { title: "Revenue today", kind: "number", show: ({ revenue }) => usd(revenue) },
        {
          title: "Margin",
          kind: "number",
          show: ({ revenue, cost }) => (
            <Known
              text={percent(revenue > 0 ? 1 - cost / revenue : null)}
              why="a tier without revenue has no margin"
            />
          ),
        },
      ]}
    />
  );
}
