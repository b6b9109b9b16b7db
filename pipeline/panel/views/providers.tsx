import { useState } from "preact/hooks";
import { Card } from "../parts/card.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { ProviderTable } from "./provider-table.tsx";
import { ShareBar } from "./share-bar.tsx";
import { useShownProviders } from "./shown-providers.ts";

export function Providers() {
  const [days, setDays] = useState(1);
  const { from, shown, reload } = useShownProviders(days);
  const period = days === 1 ? "today" : `last ${days} days`;
  return (
    <>
      <Card
        title={`Share of calls, ${period}`}
        aside={
          <label htmlFor="provider-days">
            Numbers of{" "}
            <select
              id="provider-days"
              value={days}
              onChange={({ currentTarget }) => setDays(Number(currentTarget.value))}
            >
              <option value={1}>today</option>
              <option value={7}>7 days</option>
              <option value={30}>30 days</option>
            </select>
          </label>
        }
      >
        <Loaded from={from}>
          {() => (
            <ShareBar
              parts={shown.map(({ name, share, colour }) => ({ name, share, colour }))}
              isKnown={shown.some(({ numbers, isIdle }) => numbers !== null || isIdle)}
            />
          )}
        </Loaded>
      </Card>
      <Card title="Providers">
        <Loaded from={from}>{() => <ProviderTable rows={shown} onChange={reload} />}</Loaded>
      </Card>
    </>
  );
}
