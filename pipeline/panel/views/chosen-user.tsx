import { useState } from "preact/hooks";
import { catalog, type UsageScope, userWithUsage } from "../data/shapes/metrics.ts";
import { useApi, useResource } from "../data/use-resource.ts";
import { count, moment, usd } from "../format.ts";
import { ActionError, useAction } from "../parts/action.tsx";
import { Card } from "../parts/card.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Meter } from "../parts/meter.tsx";

const EVERY_MS = 5_000;
const CATALOG_EVERY_MS = 60_000;

/** A user's limits and what is used of them; the tier can be changed. */
export function ChosenUser({ id, onChange }: { id: string; onChange: () => void }) {
  const path = `/api/users/${encodeURIComponent(id)}`;
  const found = useResource(path, userWithUsage, EVERY_MS);
  const reload = (): void => {
    found.reload();
    onChange();
  };
  return (
    <Card title={`User ${id}`} span={5}>
      <Loaded from={found}>
        {({ tier, usage }) => (
          <>
            {Object.entries(usage.scopes).map(([name, scope]) => (
              <Scope key={name} name={name} {...scope} />
            ))}
            <TierForm key={tier} path={path} tier={tier} onChange={reload} />
          </>
        )}
      </Loaded>
    </Card>
  );
}

function Scope({ name, unit, used, reserved, limit, resetsAt }: UsageScope & { name: string }) {
  const show = unit === "usd" ? usd : (value: number) => `${count(value)} requests`;
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  if (limit === null) {
    return (
      <p class="meter-text">
        <span>{title}</span>
        <span>{show(used)}, no limit</span>
      </p>
    );
  }
  return (
    <>
      <Meter label={title} spent={used} reserved={reserved} limit={limit} show={show} />
      <p class="hint">until {moment(Date.parse(resetsAt))}</p>
    </>
  );
}

function TierForm({ path, tier, onChange }: { path: string; tier: string; onChange: () => void }) {
  const api = useApi();
  const action = useAction();
  const [wanted, setWanted] = useState(tier);
  const known = useResource("/api/catalog", catalog, CATALOG_EVERY_MS);
  const names = known.data?.tiers.map(({ name }) => name) ?? [tier];
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    await action.run(() => api.change("PUT", path, { tier: wanted }));
    onChange();
  };
  return (
    <form class="fields" onSubmit={submit} aria-label="Tier">
      <label htmlFor="user-tier" class="wide">
        Tier
        <select
          id="user-tier"
          value={wanted}
          onChange={({ currentTarget }) => setWanted(currentTarget.value)}
        >
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button
        type="submit"
        class="primary"
        disabled={wanted === tier || action.isRunning || !action.isAllowed}
      >
        Change tier
      </button>
      <ActionError action={action} />
    </form>
  );
}
