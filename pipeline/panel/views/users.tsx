import { useState } from "preact/hooks";
import { type FoundUsers, type User, userMetrics, users } from "../data/shapes/metrics.ts";
import { useResource } from "../data/use-resource.ts";
import { count } from "../format.ts";
import { Card } from "../parts/card.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Table } from "../parts/table.tsx";
import { When } from "../parts/when.tsx";
import { Audience, Tiers } from "./audience.tsx";
import { ChosenUser } from "./chosen-user.tsx";

const EVERY_MS = 5_000;
const METRICS_EVERY_MS = 60_000;
const PAGE = 20;

export function Users() {
  const [search, setSearch] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  const found = useResource(`/api/users?limit=${PAGE}&search=${encodeURIComponent(search)}`, users, EVERY_MS);
  const metrics = useResource("/api/metrics/users?grain=day", userMetrics, METRICS_EVERY_MS);
  return (
    <>
      <Loaded from={metrics}>{({ tables }) => <Audience days={tables.daily} />}</Loaded>
      <Card title="Tiers">
        <Loaded from={metrics}>{({ tables }) => <Tiers rows={tables.tiers} />}</Loaded>
      </Card>
      <Card
        title="Find a user"
        span={chosen === null ? 12 : 7}
        aside={found.data !== null && <span class="hint">{howMany(found.data)}</span>}
      >
        <label htmlFor="user-search">
          Search by id
          <input
            id="user-search"
            type="search"
            value={search}
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
        </label>
        <Loaded from={found}>{(data) => <Found rows={data.users} onChoose={setChosen} />}</Loaded>
      </Card>
      {chosen !== null && <ChosenUser key={chosen} id={chosen} onChange={found.reload} />}
    </>
  );
}

function howMany({ total, simulatedTotal }: FoundUsers): string {
  const simulated =
    simulatedTotal === null || simulatedTotal === 0 ? "" : `, ${count(simulatedTotal)} simulated`;
  return `${count(total)} real${simulated}`;
}

function Found({ rows, onChoose }: { rows: readonly User[]; onChoose: (id: string) => void }) {
  return (
    <>
      <Table
        caption="Users"
        rows={rows}
        keyOf={({ id }) => id}
        empty="No user of this id. A user is there from the first request on."
        columns={[
          {
            title: "User",
            show: ({ id }) => (
              <button type="button" class="link" onClick={() => onChoose(id)}>
                {id}
              </button>
            ),
          },
          { title: "Tier", kind: "short", show: ({ tier }) => tier },
          { title: "First seen", kind: "short", show: ({ createdAt }) => <When at={createdAt} /> },
          {
            title: "Tier set",
            kind: "short",
            show: ({ tierUpdatedAt }) =>
              tierUpdatedAt === null ? "by default" : <When at={tierUpdatedAt} />,
          },
        ]}
      />
      {rows.length === PAGE && <p class="hint">The first {PAGE} are shown. Search to find others.</p>}
    </>
  );
}
