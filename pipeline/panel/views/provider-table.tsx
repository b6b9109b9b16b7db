import { useApi } from "../data/use-resource.ts";
import { count, decimal, milliseconds, percent, usd, usdFine } from "../format.ts";
import { ActionError, useAction } from "../parts/action.tsx";
import { Badge } from "../parts/badge.tsx";
import { Known } from "../parts/known.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { Countdown } from "../parts/when.tsx";
import type { ShownProvider } from "./shown-providers.ts";

const DRAIN_SECONDS = 3_600;
const NO_CALLS = "no calls in this period";

const NUMBERS: readonly Column<ShownProvider>[] = [
  {
    title: "Calls",
    kind: "number",
    show: ({ numbers, isIdle }) => count(isIdle ? 0 : numbers?.calls),
  },
  number("Success", ({ numbers }) => percent(numbers?.successRate)),
  number("Median", ({ numbers }) => milliseconds(numbers?.p50Ms)),
  number("p95", ({ numbers }) => milliseconds(numbers?.p95Ms)),
  { title: "Cost", kind: "number", show: ({ numbers, isIdle }) => usd(isIdle ? 0 : numbers?.cost) },
  number("Per request", ({ numbers }) => usdFine(numbers?.costPerRequest)),
  number("Rating", ({ numbers }) => decimal(numbers?.satisfaction), "under five ratings in this period"),
  number("Asked again", ({ askedAgain }) => percent(askedAgain), "no answers in this period"),
];

function number(
  title: string,
  format: (row: ShownProvider) => string,
  why: string = NO_CALLS,
): Column<ShownProvider> {
  return { title, kind: "number", show: (row) => <Known text={format(row)} why={why} /> };
}

export function ProviderTable({ rows, onChange }: { rows: readonly ShownProvider[]; onChange: () => void }) {
  const api = useApi();
  const action = useAction();
  const drain = async (provider: string): Promise<void> => {
    const order = {
      kind: "provider",
      params: { provider, action: "drain" },
      reason: "drained at the panel",
      expiresInSeconds: DRAIN_SECONDS,
    };
    await action.run(() => api.change("POST", "/api/directives", order));
    onChange();
  };
  const enable = async (id: string): Promise<void> => {
    await action.run(() => api.change("DELETE", `/api/directives/${id}`));
    onChange();
  };
  const doing: Column<ShownProvider> = {
    title: "Do",
    kind: "do",
    show: ({ name, drain: drained }) => (
      <button
        type="button"
        class="small"
        aria-label={drained === null ? `Drain 1 h: ${name}` : `Enable ${name}`}
        disabled={action.isRunning || !action.isAllowed}
        onClick={() => (drained === null ? drain(name) : enable(drained.id))}
      >
        {drained === null ? "Drain 1 h" : "Enable"}
      </button>
    ),
  };
  return (
    <>
      <ActionError action={action} />
      <Table
        caption="Providers"
        rows={rows}
        keyOf={({ name }) => name}
        empty="The catalog has no provider. Add one to it."
        columns={[
          { title: "Provider", show: (row) => <Name {...row} /> },
          { title: "State", show: (row) => <State {...row} /> },
          ...NUMBERS,
          doing,
        ]}
      />
      <p class="hint">
        A drained provider gets no new requests. Asked again: the same user's same request once more within a
        minute, a share of the answers. Unknown: no calls, or under five ratings in this period.
      </p>
    </>
  );
}

function Name({ name, model }: ShownProvider) {
  return (
    <>
      <strong>{name}</strong>
      <span class="second-line">{model}</span>
    </>
  );
}

function State({ isSimulated, isDown, conditions, drain }: ShownProvider) {
  return (
    <span class="badges">
      {drain !== null && (
        <Badge tone="warning">
          drained, <Countdown until={drain.expiresAt} />
        </Badge>
      )}
      {isDown && <Badge tone="critical">down</Badge>}
      {conditions.map((text) => (
        <Badge key={text} tone="critical">
          {text}
        </Badge>
      ))}
      {drain === null && !isDown && conditions.length === 0 && <Badge tone="good">in use</Badge>}
      {isSimulated && <Badge tone="neutral">simulated</Badge>}
    </span>
  );
}
