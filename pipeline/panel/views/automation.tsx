import * as z from "zod/mini";
import { automationState, decisionHistory } from "../data/shapes/automation.ts";
import { record } from "../data/shapes/common.ts";
import { catalog } from "../data/shapes/metrics.ts";
import { useResource } from "../data/use-resource.ts";
import { Badge } from "../parts/badge.tsx";
import { Card } from "../parts/card.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Table } from "../parts/table.tsx";
import { AutomationSwitch } from "./automation-switch.tsx";
import { Decisions } from "./decisions.tsx";
import { nameOfKind } from "./directive-names.ts";
import { wordsOf } from "./words.ts";

const EVERY_MS = 5_000;
const SLOW_MS = 20_000;

/** What the rules decided, why, and what came of it. */
export function Automation() {
  const state = useResource("/api/automation", automationState, EVERY_MS);
  const known = useResource("/api/catalog", catalog, SLOW_MS);
  return (
    <>
      <Card title="Automation">
        <Loaded from={state}>{(data) => <AutomationSwitch state={data} onChange={state.reload} />}</Loaded>
      </Card>
      <Card title="Decisions" aside={<History />}>
        <Decisions />
      </Card>
      <Card title="Rules">
        <Loaded from={known}>{({ automation: { rules } }) => <Rules rows={rules} />}</Loaded>
      </Card>
    </>
  );
}

const directiveAction = z.object({ instruction: z.object({ kind: z.string(), params: record }) });

interface RuleRow {
  readonly name: string;
  readonly when: string;
  readonly then: Readonly<Record<string, unknown>>;
  readonly priority?: string | undefined;
}

function Rules({ rows }: { rows: readonly RuleRow[] }) {
  return (
    <>
      <Table
        caption="Rules"
        rows={rows}
        keyOf={({ name }) => name}
        empty="The catalog has no rules."
        columns={[
          { title: "Rule", show: ({ name }) => <strong>{name}</strong> },
          { title: "When", show: ({ when }) => <code>{when}</code> },
          { title: "Then", show: ({ then }) => thenInWords(then) },
          { title: "Priority", kind: "short", show: ({ priority = "medium" }) => priority },
        ]}
      />
      <p class="hint">
        Mode and rules are in <code>catalog.yaml</code>; an edit is in force within a second.
      </p>
    </>
  );
}

/** `extend-cache-duration (multiply minutes 2)`; of an action that gives a directive, the directive. */
function thenInWords({ action, ...rest }: Readonly<Record<string, unknown>>): string {
  const given = z.safeParse(directiveAction, rest);
  if (given.success) return nameOfKind(given.data.instruction);
  const more = wordsOf(rest);
  return more === "" ? String(action) : `${String(action)} (${more})`;
}

/** Decisions are linked by hashes: a history that was changed shows. */
function History() {
  const { data } = useResource("/api/decisions/verify", decisionHistory, SLOW_MS);
  if (data === null || data.entries === 0) return null;
  return data.brokenAt === null ? (
    <Badge tone="good" title={`${data.entries} entries, each with the hash of the one before`}>
      history unchanged
    </Badge>
  ) : (
    <Badge tone="critical">history changed at entry {data.brokenAt}</Badge>
  );
}
