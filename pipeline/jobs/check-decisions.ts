import { followFindings } from "../alerts/alert-store.ts";
import { checkChain } from "../decision-chain.ts";
import type { Job } from "../job.ts";

/** Reads the whole history of decisions, link by link, and raises an alert where it is not what was written. */
export const checkDecisions: Job = async ({ warehouse }, dueAtMs) => {
  const { entries, brokenAt, hash } = await checkChain(warehouse);
  const finding = {
    kind: "decision-history-changed",
    subject: "",
    severity: "critical",
    holds: brokenAt !== null,
    message: `the history of decisions was changed at entry ${brokenAt ?? 0} of ${entries}`,
    details: { entries, brokenAt, hash },
  } as const;
  const { changed } = await followFindings(warehouse, [finding], dueAtMs);
  return {
    summary: brokenAt === null ? `${entries} entries, all as they were written` : finding.message,
    notable: changed.length > 0,
    details: { entries, brokenAt, hash },
  };
};
