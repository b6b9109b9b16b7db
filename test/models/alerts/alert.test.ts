import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Alert, type Finding, nextAlerts, RESOLVE_AFTER_MS } from "../../../models/alerts/alert.ts";
import { dueNotices, type ToldNotice } from "../../../models/alerts/notice.ts";
import { MAX_ATTEMPTS, nextAttemptMs } from "../../../models/alerts/retry.ts";

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 10, 24);
const idOf = ({ kind, subject }: Finding, nowMs: number): string => `${kind}/${subject}/${nowMs}`;

function finding(holds: boolean | null, given: Partial<Finding> = {}): Finding {
  return {
    kind: "provider-down",
    subject: "gpt-4o",
    severity: "warning",
    holds,
    message: "m",
    details: {},
    ...given,
  };
}

/** Looks at the findings one after the other, and keeps what the warehouse would keep. */
function live(looks: readonly (readonly [ms: number, findings: readonly Finding[]])[]): Alert[] {
  const stored = new Map<string, Alert>();
  for (const [ms, findings] of looks) {
    const open = [...stored.values()].filter(({ status }) => status !== "resolved");
    for (const alert of nextAlerts(open, findings, { nowMs: START_MS + ms, idOf }))
      stored.set(alert.id, alert);
  }
  return [...stored.values()];
}

describe("an alert", () => {
  it("opens once and is resolved once on an incident, however often it is looked at", () => {
    const looks = Array.from(
      { length: 60 },
      (_, minute) => [minute * MINUTE_MS, [finding(minute >= 10 && minute < 30)]] as const,
    );
    expect(live(looks)).toMatchObject([
      {
        status: "resolved",
        openedAt: START_MS + 10 * MINUTE_MS,
        resolvedAt: START_MS + 30 * MINUTE_MS + RESOLVE_AFTER_MS,
      },
    ]);
  });

  it("that comes and goes is one alert, and what is not known resolves nothing", () => {
    const flapping = Array.from(
      { length: 30 },
      (_, minute) =>
        [minute * MINUTE_MS, [finding(minute % 3 === 0 ? true : minute % 3 === 1 ? false : null)]] as const,
    );
    expect(live(flapping)).toMatchObject([{ status: "open", openedAt: START_MS }]);
  });

  it("is told to be worse when it gets worse, and opens again after somebody has acknowledged it", () => {
    const [open] = nextAlerts([], [finding(true)], { nowMs: START_MS, idOf });
    if (open === undefined) throw new Error("nothing opened");
    const worse = nextAlerts(
      [{ ...open, status: "acknowledged" }],
      [finding(true, { severity: "critical" })],
      { nowMs: START_MS + 1, idOf },
    );
    expect(worse).toMatchObject([{ id: open.id, severity: "critical", status: "open" }]);
  });

  it("of a subject that is spoken of no longer is resolved, of a kind that was not looked at it stays", () => {
    const looks = (later: readonly Finding[]) =>
      live([
        [0, [finding(true)]],
        [MINUTE_MS, later],
        [10 * MINUTE_MS, later],
      ]);
    expect(looks([finding(false, { subject: "other" })])).toMatchObject([{ status: "resolved" }]);
    expect(looks([])).toMatchObject([{ status: "open" }]);
  });

  it("is open at most once for each kind and subject, and every resolved one was opened before", () => {
    const look = fc.record({ subject: fc.constantFrom("a", "b"), holds: fc.constantFrom(true, false, null) });
    fc.assert(
      fc.property(fc.array(look, { maxLength: 80 }), (looks) => {
        const alerts = live(
          looks.map(
            (given, minute) =>
              [minute * MINUTE_MS, [finding(given.holds, { subject: given.subject })]] as const,
          ),
        );
        for (const subject of ["a", "b"]) {
          const open = alerts.filter((alert) => alert.subject === subject && alert.status === "open");
          expect(open.length).toBeLessThanOrEqual(1);
        }
        for (const { openedAt, resolvedAt } of alerts)
          if (resolvedAt !== null) expect(resolvedAt).toBeGreaterThan(openedAt);
      }),
    );
  });
});

describe("notices", () => {
  const alert: Alert = {
    id: "a",
    kind: "cost-spike",
    subject: "",
    severity: "critical",
    status: "open",
    openedAt: START_MS,
    resolvedAt: null,
    message: "m",
    details: {},
  };
  const options = { repeatAfterMs: 60 * MINUTE_MS, silences: [], sinceMs: START_MS - 1 };

  it("tell an alert once when it opens, again while it stays open, and once when it is over", () => {
    const told: ToldNotice[] = [];
    const events: string[] = [];
    for (let minute = 0; minute <= 200; minute += 5) {
      const nowMs = START_MS + minute * MINUTE_MS;
      const now: Alert =
        minute < 150 ? alert : { ...alert, status: "resolved", resolvedAt: START_MS + 150 * MINUTE_MS };
      for (const { event, at } of dueNotices([now], told, { ...options, nowMs })) {
        told.push({ alertId: "a", event, at });
        events.push(`${minute} ${event}`);
      }
    }
    expect(events).toEqual(["0 opened", "60 repeated", "120 repeated", "150 resolved"]);
  });

  it("wait for the end of a silence, and an acknowledged alert is not repeated", () => {
    const silences = [{ kind: "cost-spike", subject: "", until: START_MS + 10 * MINUTE_MS }];
    const at = (minute: number, told: readonly ToldNotice[] = [], given: Alert = alert) =>
      dueNotices([given], told, { ...options, silences, nowMs: START_MS + minute * MINUTE_MS }).map(
        ({ event }) => event,
      );
    expect(at(5)).toEqual([]);
    expect(at(10)).toEqual(["opened"]);
    expect(
      at(200, [{ alertId: "a", event: "opened", at: START_MS }], { ...alert, status: "acknowledged" }),
    ).toEqual([]);
  });

  it("say nothing of what was over before anybody was told, nor of what opened before the product cared", () => {
    const resolved: Alert = { ...alert, status: "resolved", resolvedAt: START_MS + 1 };
    expect(dueNotices([resolved], [], { ...options, nowMs: START_MS + 2 })).toEqual([]);
    expect(dueNotices([alert], [], { ...options, sinceMs: START_MS + 1, nowMs: START_MS + 2 })).toEqual([]);
  });
});

it("a delivery is tried again later and later, and given up in the end", () => {
  const waits = Array.from({ length: MAX_ATTEMPTS }, (_, i) => nextAttemptMs(i + 1, 0));
  expect(waits.at(-1)).toBeNull();
  const known = waits.slice(0, -1).map(Number);
  expect(known).toEqual(known.toSorted((a, b) => a - b));
});
