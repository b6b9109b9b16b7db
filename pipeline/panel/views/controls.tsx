import { directives, type ShownDirective } from "../data/shapes/steer.ts";
import { useApi, useResource } from "../data/use-resource.ts";
import { ActionError, useAction } from "../parts/action.tsx";
import { Card } from "../parts/card.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Table } from "../parts/table.tsx";
import { Countdown, When } from "../parts/when.tsx";
import { ControlCard } from "./control-card.tsx";
import { nameOfKind } from "./directive-names.ts";
import { EMERGENCY_CONTROLS } from "./emergency-controls.ts";

const EVERY_MS = 2_000;

/** The emergency controls, and everything else that the gateways are told to do. */
export function Controls() {
  const inForce = useResource("/api/directives?limit=20", directives, EVERY_MS);
  const active = inForce.data?.active ?? [];
  return (
    <>
      {EMERGENCY_CONTROLS.map((control) => (
        <ControlCard
          key={control.path}
          control={control}
          active={active.filter(({ kind }) => kind === control.path)}
          onChange={inForce.reload}
        />
      ))}
      <Card title="All directives in force">
        <Loaded from={inForce}>{(data) => <Active rows={data.active} onChange={inForce.reload} />}</Loaded>
      </Card>
      <Card title="Ended directives">
        <Loaded from={inForce}>{(data) => <Past rows={data.past} />}</Loaded>
      </Card>
    </>
  );
}

function Active({ rows, onChange }: { rows: readonly ShownDirective[]; onChange: () => void }) {
  const api = useApi();
  const action = useAction();
  const revoke = async (id: string): Promise<void> => {
    await action.run(() => api.change("DELETE", `/api/directives/${encodeURIComponent(id)}`));
    onChange();
  };
  return (
    <>
      <ActionError action={action} />
      <Table
        caption="Directives in force"
        rows={rows}
        keyOf={({ id }) => id}
        empty="Nothing is in force: the gateways follow the catalog."
        columns={[
          { title: "What", show: (one) => <strong>{nameOfKind(one)}</strong> },
          { title: "Why", show: ({ reason }) => reason },
          { title: "Who", show: ({ issuedBy }) => `${issuedBy.type} ${issuedBy.name}` },
          { title: "Since", kind: "short", show: ({ issuedAt }) => <When at={issuedAt} /> },
          { title: "Ends", kind: "short", show: ({ expiresAt }) => <Countdown until={expiresAt} /> },
          {
            title: "Revoke",
            kind: "do",
            show: (one) => (
              <button
                type="button"
                class="small"
                aria-label={`Revoke ${nameOfKind(one)}`}
                disabled={action.isRunning || !action.isAllowed}
                onClick={() => revoke(one.id)}
              >
                Revoke
              </button>
            ),
          },
        ]}
      />
    </>
  );
}

function Past({ rows }: { rows: readonly ShownDirective[] }) {
  return (
    <Table
      caption="Ended directives"
      rows={rows}
      keyOf={({ id }) => id}
      empty="None has ended yet."
      columns={[
        { title: "What", show: (one) => nameOfKind(one) },
        { title: "Why", show: ({ reason }) => reason },
        { title: "Who", show: ({ issuedBy }) => `${issuedBy.type} ${issuedBy.name}` },
        { title: "Issued", kind: "short", show: ({ issuedAt }) => <When at={issuedAt} /> },
        {
          title: "End",
          show: ({ revoked, state, expiresAt }) =>
            revoked === null ? (
              <>
                {state} <When at={expiresAt} />
              </>
            ) : (
              <>
                {revoked.reason} <When at={revoked.ts} />
              </>
            ),
        },
      ]}
    />
  );
}
