import { SEVERITIES, type Severity } from "../domain/alert-channel.ts";

export { SEVERITIES, type Severity } from "../domain/alert-channel.ts";

/** From open to resolved; one thing that is wrong with one subject. */
export interface Alert {
  readonly id: string;
  /** `cost-spike`, `provider-down`, ... */
  readonly kind: string;
  /** A provider, a tier; empty: the whole product. */
  readonly subject: string;
  readonly severity: Severity;
  readonly status: "open" | "acknowledged" | "resolved";
  readonly openedAt: number;
  readonly resolvedAt: number | null;
  readonly message: string;
  readonly details: AlertDetails;
}

export type AlertDetails = Readonly<Record<string, string | number | boolean | null>>;

/** What was seen of one thing at one time. */
export interface Finding {
  readonly kind: string;
  readonly subject: string;
  readonly severity: Severity;
  /** Null: not known now, so that nothing opens and nothing is resolved. */
  readonly holds: boolean | null;
  readonly message: string;
  readonly details: AlertDetails;
}

/** It must be over for that long, so that what comes and goes is one alert. */
export const RESOLVE_AFTER_MS = 5 * 60_000;
const CLEAR_SINCE = "clearSince";

export interface TransitionOptions {
  readonly nowMs: number;
  readonly resolveAfterMs?: number;
  /** Equal arguments give equal ids: two instances that see the same open one alert. */
  idOf(finding: Finding, nowMs: number): string;
}

/**
 * What becomes of the open alerts after a look: those that are new or changed. An alert opens when its condition holds, is
 * made worse when it becomes more severe, and is resolved when the condition has not held for a while. A subject that
 * nobody speaks of any longer (a provider that was removed) counts as over.
 */
export function nextAlerts(
  open: readonly Alert[],
  findings: readonly Finding[],
  options: TransitionOptions,
): Alert[] {
  const known = new Map(open.map((alert) => [keyOf(alert), alert]));
  const seen = new Set(findings.map(keyOf));
  const changed = findings.flatMap((finding) => {
    const alert = known.get(keyOf(finding));
    return alert === undefined ? openIfHeld(finding, options) : stepAlert(alert, finding, options);
  });
  const kinds = new Set(findings.map(({ kind }) => kind));
  const orphans = open.filter((alert) => kinds.has(alert.kind) && !seen.has(keyOf(alert)));
  return [...changed, ...orphans.flatMap((alert) => stepClear(alert, options))];
}

/** A new alert out of what was found. */
export function raiseAlert(finding: Finding, { nowMs, idOf }: TransitionOptions): Alert {
  const { kind, subject, severity, message, details } = finding;
  const id = idOf(finding, nowMs);
  return { id, kind, subject, severity, status: "open", openedAt: nowMs, resolvedAt: null, message, details };
}

export function resolveAlert(alert: Alert, nowMs: number): Alert {
  const { [CLEAR_SINCE]: _clear, ...details } = alert.details;
  return { ...alert, status: "resolved", resolvedAt: nowMs, details };
}

export function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);
}

function openIfHeld(finding: Finding, options: TransitionOptions): Alert[] {
  return finding.holds === true ? [raiseAlert(finding, options)] : [];
}

function stepAlert(alert: Alert, finding: Finding, options: TransitionOptions): Alert[] {
  if (finding.holds === null) return [];
  if (!finding.holds) return stepClear(alert, options);
  const worse = isAtLeast(finding.severity, alert.severity) && finding.severity !== alert.severity;
  if (!worse && !(CLEAR_SINCE in alert.details)) return [];
  const { severity, message, details } = worse ? finding : alert;
  const { [CLEAR_SINCE]: _clear, ...kept } = details;
  return [{ ...alert, severity, message, details: kept, status: worse ? "open" : alert.status }];
}

function stepClear(alert: Alert, { nowMs, resolveAfterMs = RESOLVE_AFTER_MS }: TransitionOptions): Alert[] {
  const since = alert.details[CLEAR_SINCE];
  if (typeof since === "number") return nowMs - since >= resolveAfterMs ? [resolveAlert(alert, nowMs)] : [];
  if (resolveAfterMs === 0) return [resolveAlert(alert, nowMs)];
  return [{ ...alert, details: { ...alert.details, [CLEAR_SINCE]: nowMs } }];
}

function keyOf({ kind, subject }: { readonly kind: string; readonly subject: string }): string {
  return `${kind} ${subject}`;
}
