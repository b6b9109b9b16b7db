import { type Alert, alerts, silences } from "../data/shapes/steer.ts";
import { type Resource, useApi, useResource } from "../data/use-resource.ts";
import { ActionError, useAction } from "../parts/action.tsx";
import { Badge } from "../parts/badge.tsx";
import { Card } from "../parts/card.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { Countdown, When } from "../parts/when.tsx";
import { toneOf } from "./alert-tone.ts";
import { Anomalies } from "./anomalies.tsx";

const EVERY_MS = 5_000;
const SILENCE_MINUTES = 60;

const WHAT: readonly Column<Alert>[] = [
  {
    title: "Severity",
    kind: "short",
    show: ({ severity }) => <Badge tone={toneOf(severity)}>{severity}</Badge>,
  },
  {
    title: "Alert",
    show: ({ kind, subject, message }) => (
      <>
        <strong>{message}</strong>
        <span class="second-line">{subject === "" ? kind : `${kind}: ${subject}`}</span>
      </>
    ),
  },
  { title: "Opened", kind: "short", show: ({ openedAt }) => <When at={openedAt} /> },
];

export function Alerts() {
  const all = useResource("/api/alerts?limit=200", alerts, EVERY_MS);
  const quiet = useResource("/api/alerts/silences", silences, EVERY_MS);
  const reload = (): void => {
    all.reload();
    quiet.reload();
  };
  return (
    <>
      <Card title="Open alerts">
        <Loaded from={all}>
          {(data) => (
            <Open rows={data.alerts.filter(({ status }) => status !== "resolved")} onChange={reload} />
          )}
        </Loaded>
      </Card>
      <Anomalies />
      <Card title="Silences">
        <Silences from={quiet} />
      </Card>
      <Card title="History">
        <Loaded from={all}>
          {(data) => (
            <Table
              caption="Resolved alerts"
              rows={data.alerts.filter(({ status }) => status === "resolved")}
              keyOf={({ id }) => id}
              empty="Nothing was resolved yet."
              columns={[
                ...WHAT,
                {
                  title: "Resolved",
                  kind: "short",
                  show: ({ resolvedAt }) => (resolvedAt === null ? "unknown" : <When at={resolvedAt} />),
                },
              ]}
            />
          )}
        </Loaded>
      </Card>
    </>
  );
}

function Open({ rows, onChange }: { rows: readonly Alert[]; onChange: () => void }) {
  const api = useApi();
  const action = useAction();
  const act = async (path: string, body?: unknown): Promise<void> => {
    await action.run(() => api.change("POST", path, body));
    onChange();
  };
  const silence = ({ kind, subject }: Alert): Promise<void> =>
    act("/api/alerts/silences", { kind, subject, minutes: SILENCE_MINUTES, reason: "silenced at the panel" });
  const isOff = action.isRunning || !action.isAllowed;
  return (
    <>
      <ActionError action={action} />
      <Table
        caption="Open alerts"
        rows={rows}
        keyOf={({ id }) => id}
        empty="Nothing: no alert is open."
        columns={[
          ...WHAT,
          { title: "Status", kind: "short", show: ({ status }) => <Status status={status} /> },
          {
            title: "Do",
            kind: "do",
            show: (one) => (
              <span class="buttons">
                {one.status === "open" && (
                  <button
                    type="button"
                    class="small"
                    disabled={isOff}
                    onClick={() => act(`/api/alerts/${one.id}/acknowledge`, {})}
                  >
                    Acknowledge
                  </button>
                )}
                <button type="button" class="small" disabled={isOff} onClick={() => silence(one)}>
                  Silence for 1 h
                </button>
              </span>
            ),
          },
        ]}
      />
    </>
  );
}

function Status({ status }: { status: string }) {
  return status === "acknowledged" ? (
    <Badge tone="neutral">acknowledged</Badge>
  ) : (
    <Badge tone="warning">{status}</Badge>
  );
}

function Silences({ from }: { from: Resource<{ silences: readonly SilenceRow[] }> }) {
  const api = useApi();
  const action = useAction();
  const end = async (id: string): Promise<void> => {
    await action.run(() => api.change("DELETE", `/api/alerts/silences/${id}`));
    from.reload();
  };
  return (
    <Loaded from={from}>
      {(data) => (
        <>
          <ActionError action={action} />
          <Table
            caption="Silences"
            rows={data.silences}
            keyOf={({ id }) => id}
            empty="None: everybody is told of everything."
            columns={[
              { title: "Alerts", show: ({ kind, subject }) => `${kind || "all"} ${subject}` },
              { title: "Why", show: ({ reason }) => reason },
              { title: "Ends", kind: "short", show: ({ until }) => <Countdown until={until} /> },
              {
                title: "End",
                kind: "do",
                show: ({ id }) => (
                  <button
                    type="button"
                    class="small"
                    disabled={action.isRunning || !action.isAllowed}
                    onClick={() => end(id)}
                  >
                    End silence
                  </button>
                ),
              },
            ]}
          />
        </>
      )}
    </Loaded>
  );
}

interface SilenceRow {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly until: number;
  readonly reason: string;
}
