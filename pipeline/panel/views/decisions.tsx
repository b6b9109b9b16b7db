import { useState } from "preact/hooks";
import { type Decision, decisions } from "../data/shapes/automation.ts";
import { directives } from "../data/shapes/steer.ts";
import { useApi, useResource } from "../data/use-resource.ts";
import { type Action, ActionError, useAction } from "../parts/action.tsx";
import { Badge, type Tone } from "../parts/badge.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { type Column, Table } from "../parts/table.tsx";
import { When } from "../parts/when.tsx";
import { measuredInWords, predictedInWords } from "./effects.ts";
import { Evidence } from "./evidence.tsx";

const EVERY_MS = 5_000;
const PAGE = 200;
/** What had no consequence, and is of interest only to who asks why nothing happens. */
const WITHOUT_CONSEQUENCE = new Set(["unknown-metric", "not-met", "holding", "cooling-down", "suppressed"]);

const WHAT: readonly Column<Decision>[] = [
  { title: "When", kind: "short", show: ({ ts }) => <When at={ts} /> },
  {
    title: "Decision",
    show: ({ rule, reason }) => (
      <>
        <strong>{rule}</strong>
        <span class="second-line">{reason}</span>
      </>
    ),
  },
  { title: "Outcome", kind: "short", show: (one) => <Outcome {...one} /> },
  { title: "Foreseen", show: ({ simulatedEffect }) => predictedInWords(simulatedEffect) },
  { title: "Measured", show: (one) => <Measured {...one} /> },
  { title: "Evidence", kind: "short", show: (one) => <Evidence {...one} /> },
];

/** Each decision with what was foreseen, what came of it, and what can still be done about it. */
export function Decisions() {
  const made = useResource(`/api/decisions?limit=${PAGE}`, decisions, EVERY_MS);
  const inForce = useResource("/api/directives?limit=0", directives, EVERY_MS);
  const action = useAction();
  const [hasAll, setHasAll] = useState(false);
  const active = new Set(inForce.data?.active.map(({ id }) => id));
  const onChange = (): void => {
    made.reload();
    inForce.reload();
  };
  const doing: Column<Decision> = {
    title: "Do",
    kind: "do",
    show: (one) => <Doing decision={one} active={active} action={action} onChange={onChange} />,
  };
  return (
    <>
      <label class="check" htmlFor="all-decisions">
        <input
          id="all-decisions"
          type="checkbox"
          checked={hasAll}
          onChange={({ currentTarget }) => setHasAll(currentTarget.checked)}
        />
        Also those without a consequence
      </label>
      <ActionError action={action} />
      <Loaded from={made}>
        {(data) => (
          <Table
            caption="Decisions"
            rows={data.decisions.filter(({ outcome }) => hasAll || !WITHOUT_CONSEQUENCE.has(outcome))}
            keyOf={({ id }) => id}
            empty="No rule has fired yet. Each firing is listed here with its reasons."
            columns={[...WHAT, doing]}
          />
        )}
      </Loaded>
    </>
  );
}

const OUTCOMES: Readonly<Record<string, { readonly tone: Tone; readonly text: string }>> = {
  fired: { tone: "good", text: "done" },
  observed: { tone: "neutral", text: "observed only" },
  "awaiting-approval": { tone: "warning", text: "waits for approval" },
  rejected: { tone: "neutral", text: "rejected" },
  blocked: { tone: "warning", text: "held back" },
  "condition-error": { tone: "critical", text: "condition fails" },
};

function Outcome({ outcome }: Decision) {
  const { tone, text } = OUTCOMES[outcome] ?? { tone: "neutral", text: outcome };
  return <Badge tone={tone}>{text}</Badge>;
}

const VERDICTS: Readonly<Record<string, Tone>> = {
  kept: "good",
  extended: "good",
  widened: "good",
  "rolled-back": "critical",
};

function Measured({ verdict, verifiedEffect, outcome, revoked }: Decision) {
  if (verdict === null) return outcome === "fired" ? <span class="unknown">not yet</span> : null;
  return (
    <>
      <Badge tone={VERDICTS[verdict] ?? "neutral"}>{verdict}</Badge>
      {revoked !== null && (
        <span class="second-line">
          by {revoked.by} <When at={revoked.ts} />: {revoked.reason}
        </span>
      )}
      <span class="second-line">{measuredInWords(verifiedEffect)}</span>
    </>
  );
}

interface DoingProps {
  readonly decision: Decision;
  readonly active: ReadonlySet<string>;
  readonly action: Action;
  readonly onChange: () => void;
}

function Doing({ decision: { id, rule, outcome, directiveId }, active, action, onChange }: DoingProps) {
  const api = useApi();
  const isOff = action.isRunning || !action.isAllowed;
  const act = (text: string, change: () => Promise<void>, isMain = false) => (
    <button
      type="button"
      class={isMain ? "small primary" : "small"}
      aria-label={`${text} ${rule}`}
      disabled={isOff}
      onClick={() => action.run(change).then(onChange)}
    >
      {text}
    </button>
  );
  if (outcome === "awaiting-approval") {
    const reason = { reason: "rejected at the panel" };
    return (
      <span class="buttons">
        {act("Approve", () => api.change("POST", `/api/decisions/${id}/approve`, {}), true)}
        {act("Reject", () => api.change("POST", `/api/decisions/${id}/reject`, reason))}
      </span>
    );
  }
  if (directiveId === null || !active.has(directiveId)) return null;
  return act("Roll back", () => api.change("DELETE", `/api/directives/${directiveId}`));
}
