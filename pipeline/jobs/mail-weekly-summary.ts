import { createTransport } from "nodemailer";
import { Temporal } from "temporal-polyfill";
import { z } from "zod";
import { type Stakeholders, WEEKDAYS } from "../../models/domain/stakeholders.ts";
import { sqlFile } from "../../warehouse/sql-file.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import type { Job, JobReport } from "../job.ts";
import { type WeeklyMail, weeklyMail } from "../reports/weekly-mail.ts";

const SEND_TIMEOUT_MS = 20_000;
/** A mail of a week that is this much over helps nobody. */
const MAX_LATE_DAYS = 3;

/** Sends each stakeholder the summary of the last whole week, once. What could not be delivered is tried again at the next look. */
export const mailWeeklySummary: Job = async ({ warehouse, catalog, secretOf }, dueAtMs) => {
  const { stakeholders, timezone } = catalog();
  if (stakeholders === undefined) return quiet("nobody gets a summary");
  const monday = dueWeek(stakeholders, dueAtMs, timezone);
  if (monday === null) return quiet("no summary is due");
  const sent = new Set(await alreadySent(warehouse, monday));
  const waiting = stakeholders.to.filter((recipient) => !sent.has(recipient));
  if (waiting.length === 0) return quiet(`the summary of the week from ${monday} is sent`);
  const url = stakeholders.url ?? secretOf?.(stakeholders.urlEnv ?? "") ?? null;
  if (url === null || !URL.canParse(url))
    throw new Error(`the environment variable ${stakeholders.urlEnv} holds no URL`);
  const mail = await readMail(warehouse, monday, stakeholders.reportsUrl ?? null);
  await sendAll(warehouse, mail, { monday, url, from: stakeholders.from, recipients: waiting });
  return {
    summary: `the week from ${monday} to ${waiting.length} stakeholders`,
    notable: true,
    details: { week: monday, sent: waiting.length },
  };
};

/** The Monday of the week before, from the chosen hour on and for a few days; null: not now. */
export function dueWeek(
  { weekday, hour }: Pick<Stakeholders, "weekday" | "hour">,
  nowMs: number,
  timezone: string,
): string | null {
  const now = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timezone);
  const monday = now.toPlainDate().subtract({ days: now.dayOfWeek - 1 });
  const dayDue = monday.add({ days: WEEKDAYS.indexOf(weekday) });
  const due = dayDue.toZonedDateTime({ timeZone: timezone, plainTime: { hour } });
  const lateDays = now.toPlainDate().since(dayDue).days;
  if (Temporal.ZonedDateTime.compare(now, due) < 0 || lateDays > MAX_LATE_DAYS) return null;
  return monday.subtract({ days: 7 }).toString();
}

async function alreadySent(warehouse: Warehouse, monday: string): Promise<string[]> {
  const rows = await warehouse.query({
    sql: queryText("summary-mails"),
    params: { monday },
    row: z.object({ recipient: z.string() }),
  });
  return rows.map(({ recipient }) => recipient);
}

const known = z.number().nullable();
const summaryRow = z.object({
  spend: z.number(),
  spend_before: known,
  requests: z.number(),
  requests_before: known,
  active: known,
  mrr: known,
  margin: known,
  saved: known,
  forecast: known,
  alerts: z.number(),
  acts: z.number(),
  simulated_share: z.number(),
});
const dayRow = z.object({ day: z.string(), cost: z.number(), users: z.number() });

async function readMail(
  warehouse: Warehouse,
  monday: string,
  reportsUrl: string | null,
): Promise<WeeklyMail> {
  const params = { monday };
  const [summary] = await warehouse.query({ sql: queryText("weekly-summary"), params, row: summaryRow });
  if (summary === undefined) throw new Error("the summary's query gave no row");
  const days = await warehouse.query({ sql: queryText("weekly-days"), params, row: dayRow });
  return weeklyMail({ monday, summary, days, reportsUrl });
}

interface Sending {
  readonly monday: string;
  readonly url: string;
  readonly from: string;
  readonly recipients: readonly string[];
}

/** One mail each, so that nobody sees the others, and one bad address keeps it from nobody. Throws when one could not be delivered. */
async function sendAll(
  warehouse: Warehouse,
  mail: WeeklyMail,
  { monday, url, from, recipients }: Sending,
): Promise<void> {
  const timeouts = {
    connectionTimeout: SEND_TIMEOUT_MS,
    greetingTimeout: SEND_TIMEOUT_MS,
    socketTimeout: SEND_TIMEOUT_MS,
  };
  const transport = createTransport({ url, ...timeouts });
  const failures: unknown[] = [];
  try {
    for (const recipient of recipients) {
      const { images, ...texts } = mail;
      const headers = { "Auto-Submitted": "auto-generated" };
      try {
        await transport.sendMail({ from, to: recipient, ...texts, headers, attachments: [...images] });
        await warehouse.insert("summary_mails", [{ week: monday, recipient }]);
      } catch (error) {
        failures.push(error);
      }
    }
  } finally {
    transport.close();
  }
  if (failures.length > 0)
    throw new AggregateError(
      failures,
      `${failures.length} of ${recipients.length} summaries were not delivered: ${failures.map(String).join("; ")}`,
    );
}

function quiet(summary: string): JobReport {
  return { summary, notable: false, details: {} };
}

function queryText(name: string): string {
  return sqlFile(new URL(`../queries/${name}.sql`, import.meta.url));
}
