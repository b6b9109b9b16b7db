import type { Alert } from "./alert.ts";

/** Something to tell of an alert, once to each channel. */
export interface Notice {
  readonly alert: Alert;
  readonly event: "opened" | "repeated" | "resolved";
  /** Tells the repetitions of one alert apart; milliseconds since the epoch. */
  readonly at: number;
}

export interface Silence {
  /** Empty: every one. */
  readonly kind: string;
  readonly subject: string;
  readonly until: number;
}

/** What was told before, to anybody. */
export interface ToldNotice {
  readonly alertId: string;
  readonly event: Notice["event"];
  readonly at: number;
}

export interface NoticeOptions {
  readonly nowMs: number;
  /** While it is open and nobody has acknowledged it, it is told again after that long. */
  readonly repeatAfterMs: number;
  readonly silences: readonly Silence[];
  /** What opened before is history: a product that starts with old alerts tells nobody. */
  readonly sinceMs: number;
}

/**
 * What is due to be told now, at most one thing of each alert. Opened, once; again after a while as long as it is open;
 * resolved, once, to those who know that it was open. A silence delays, it does not forget.
 */
export function dueNotices(
  alerts: readonly Alert[],
  told: readonly ToldNotice[],
  options: NoticeOptions,
): Notice[] {
  const toldOf = new Map<string, ToldNotice[]>();
  for (const notice of told) toldOf.set(notice.alertId, [...(toldOf.get(notice.alertId) ?? []), notice]);
  return alerts
    .filter((alert) => !isSilenced(alert, options))
    .flatMap((alert) => noticeOf(alert, toldOf.get(alert.id) ?? [], options) ?? []);
}

export function isSilenced(
  { kind, subject }: Pick<Alert, "kind" | "subject">,
  { silences, nowMs }: Pick<NoticeOptions, "silences" | "nowMs">,
): boolean {
  return silences.some(
    (silence) =>
      silence.until > nowMs &&
      (silence.kind === "" || silence.kind === kind) &&
      (silence.subject === "" || silence.subject === subject),
  );
}

function noticeOf(alert: Alert, told: readonly ToldNotice[], options: NoticeOptions): Notice | null {
  const { nowMs, repeatAfterMs, sinceMs } = options;
  const opened = told.some(({ event }) => event === "opened");
  if (alert.status === "resolved") {
    const done = told.some(({ event }) => event === "resolved");
    return opened && !done ? { alert, event: "resolved", at: alert.resolvedAt ?? nowMs } : null;
  }
  if (!opened) return alert.openedAt >= sinceMs ? { alert, event: "opened", at: alert.openedAt } : null;
  const lastMs = Math.max(...told.map(({ at }) => at));
  if (alert.status === "acknowledged" || nowMs - lastMs < repeatAfterMs) return null;
  // On a grid, so that two instances mean the same repetition.
  return {
    alert,
    event: "repeated",
    at: lastMs + Math.floor((nowMs - lastMs) / repeatAfterMs) * repeatAfterMs,
  };
}
