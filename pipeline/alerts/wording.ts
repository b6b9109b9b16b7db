import type { Notice } from "../../models/alerts/notice.ts";

const VERBS: Readonly<Record<Notice["event"], string>> = {
  opened: "ALERT",
  repeated: "STILL OPEN",
  resolved: "RESOLVED",
};

/** One line: `ALERT critical provider-down gpt-4o`. */
export function subjectOf({ alert, event }: Notice): string {
  const { severity, kind, subject } = alert;
  return [VERBS[event], severity, kind, subject].filter((part) => part !== "").join(" ");
}

export function textOf(notice: Notice): string {
  const { alert } = notice;
  const details = Object.entries(alert.details).map(([name, value]) => `${name}: ${value ?? "not known"}`);
  const times = [
    `open since ${new Date(alert.openedAt).toISOString()}`,
    ...(alert.resolvedAt === null ? [] : [`resolved at ${new Date(alert.resolvedAt).toISOString()}`]),
  ];
  return [subjectOf(notice), "", alert.message, "", ...times, ...details, `alert ${alert.id}`].join("\n");
}

/** For machines. Its fields are a contract; more may be added. */
export function payloadOf({ alert, event, at }: Notice) {
  return {
    event,
    at: new Date(at).toISOString(),
    id: alert.id,
    kind: alert.kind,
    subject: alert.subject,
    severity: alert.severity,
    status: alert.status,
    openedAt: new Date(alert.openedAt).toISOString(),
    resolvedAt: alert.resolvedAt === null ? null : new Date(alert.resolvedAt).toISOString(),
    message: alert.message,
    details: alert.details,
  };
}
