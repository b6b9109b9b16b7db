import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { Stakeholders } from "../../../models/domain/stakeholders.ts";
import { dueWeek, mailWeeklySummary } from "../../../pipeline/jobs/mail-weekly-summary.ts";
import { chartPng, chartSvg } from "../../../pipeline/reports/weekly-chart.ts";
import { startSmtpSink } from "../sinks.ts";
import { testCatalog } from "../test-catalog.ts";
import { recentRequest, startTestPipeline, type TestPipeline } from "../test-pipeline.ts";

let pipeline: TestPipeline;
let sink: Awaited<ReturnType<typeof startSmtpSink>>;
beforeAll(async () => {
  pipeline = await startTestPipeline();
});
afterAll(() => pipeline.close());
beforeEach(async () => {
  await pipeline.clear("summary_mails", "request_events");
  sink = await startSmtpSink();
});
afterEach(() => sink.close());

const at = (text: string): number => Date.parse(text);
/** A Monday. */
const DUE_MS = at("2026-03-16T08:10Z");

function useStakeholders(url: string): void {
  const stakeholders: Stakeholders = {
    to: ["ada@example.org", "bob@example.org"],
    from: "vigor@example.org",
    url,
    weekday: "monday",
    hour: 8,
    reportsUrl: "https://vigor.example.org/reports/",
  };
  pipeline.useCatalog({ ...testCatalog(), stakeholders });
}

it("each stakeholder gets the last whole week once, in words and with the charts as images", async () => {
  useStakeholders(sink.url);
  await pipeline.store([
    recentRequest(at("2026-03-10T12:00Z"), { cost: 12_340_000_000 }),
    recentRequest(at("2026-03-16T01:00Z"), { cost: 99_000_000_000 }),
  ]);
  expect(await mailWeeklySummary(pipeline.deps, DUE_MS)).toMatchObject({
    details: { week: "2026-03-09", sent: 2 },
  });
  expect(await mailWeeklySummary(pipeline.deps, DUE_MS + 3_600_000)).toMatchObject({ notable: false });
  expect(sink.mails.map(({ to }) => to)).toEqual([["ada@example.org"], ["bob@example.org"]]);
  const mail = sink.mails[0]?.data.replaceAll("=\r\n", "") ?? "";
  expect(mail).toContain("Subject: [Vigor] The week from 2026-03-09: $12.34");
  expect(mail).toContain("AI spend: $12.34");
  expect(mail).toContain("https://vigor.example.org/reports/");
  for (const cid of ["spend@vigor", "users@vigor"]) {
    expect(mail).toContain(`cid:${cid}`);
    expect(mail.toLowerCase()).toContain(`content-id: <${cid}>`);
  }
  // The first bytes of a PNG, in base64.
  expect(mail.match(/iVBORw0KGgo/g)).toHaveLength(2);
  expect(mail).not.toMatch(/NaN|undefined/);
});

it("what a dead mail server did not take is sent when it is back, and nothing twice", async () => {
  useStakeholders("smtp://127.0.0.1:1");
  await expect(mailWeeklySummary(pipeline.deps, DUE_MS)).rejects.toThrow(
    /2 of 2 summaries were not delivered/,
  );
  useStakeholders(sink.url);
  await mailWeeklySummary(pipeline.deps, DUE_MS + 3_600_000);
  expect(sink.mails).toHaveLength(2);
});

it("without stakeholders nothing is sent", async () => {
  pipeline.useCatalog(testCatalog());
  expect(await mailWeeklySummary(pipeline.deps, DUE_MS)).toMatchObject({ notable: false });
});

it.each([
  { now: "2026-03-16T07:59Z", timezone: "UTC", due: null },
  { now: "2026-03-16T08:00Z", timezone: "UTC", due: "2026-03-09" },
  { now: "2026-03-16T07:00Z", timezone: "Europe/Berlin", due: "2026-03-09" },
  { now: "2026-03-19T23:00Z", timezone: "UTC", due: "2026-03-09" },
  { now: "2026-03-20T00:00Z", timezone: "UTC", due: null },
])("at $now in $timezone the week due is $due", ({ now, timezone, due }) => {
  expect(dueWeek({ weekday: "monday", hour: 8 }, at(now), timezone)).toBe(due);
});

it("a chart's text is escaped, and no value of an empty week is made up", () => {
  const options = { title: "<&>", color: "#000", format: String };
  expect(chartSvg([], options)).toContain("&lt;&amp;&gt;");
  expect(chartPng([], options).subarray(1, 4).toString()).toBe("PNG");
  expect(chartSvg([{ day: "2026-01-01", value: 0 }], options)).not.toMatch(/NaN|Infinity/);
});
