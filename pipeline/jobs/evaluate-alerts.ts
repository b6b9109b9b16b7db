import type { Alert, Finding } from "../../models/alerts/alert.ts";
import { findLiveAlerts, findSlowAlerts } from "../../models/alerts/rules.ts";
import { followFindings } from "../alerts/alert-store.ts";
import { readLiveInputs, readSlowInputs } from "../alerts/read-inputs.ts";
import type { Job, JobDeps } from "../job.ts";

/** Looks at spend and providers, and writes the alerts that are new or changed. */
export const evaluateLiveAlerts: Job = async (deps, dueAtMs) =>
  evaluate(deps, findLiveAlerts(await readLiveInputs(deps, dueAtMs)), dueAtMs);

/** The same for usage, growth, targets and the books. */
export const evaluateSlowAlerts: Job = async (deps, dueAtMs) =>
  evaluate(deps, findSlowAlerts(await readSlowInputs(deps)), dueAtMs);

async function evaluate({ warehouse }: JobDeps, findings: readonly Finding[], dueAtMs: number) {
  const { open, changed } = await followFindings(warehouse, findings, dueAtMs);
  const summary = changed.map(wordOf).join(", ");
  return {
    summary: summary === "" ? `${open.length} open, nothing has changed` : summary,
    notable: changed.length > 0,
    details: { open: open.length, changed: changed.map(({ id }) => id) },
  };
}

function wordOf({ kind, subject, status }: Alert): string {
  return `${kind}${subject === "" ? "" : ` (${subject})`} ${status}`;
}
