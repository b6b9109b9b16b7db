import { expect, it } from "vitest";
import { runLoad } from "../../tools/load/run-load.ts";

it("under a high load, its handling switches on and off, paid tiers are served first, and every answer has its event", async () => {
  const report = await runLoad({
    users: 400,
    requestsPerMinute: 1500,
    minutes: 1.2,
    // Far below what is sent, so that a machine that is too slow to send it all still shows it.
    highLoadFrom: 250,
    paidShare: 0.3,
    // At about one and a half seconds an answer, some forty requests would be in work.
    slots: 24,
    timeScale: 12,
    onProgress: () => undefined,
  });
  expect(report.highLoad.onAtSeconds).not.toBeNull();
  expect(report.highLoad.offAtSeconds).not.toBeNull();
  expect(report.answers).toBe(report.paid.sent + report.free.sent);
  expect(report.events).toBe(report.answers);
  expect(report.paid.servedShare).toBeGreaterThanOrEqual(report.free.servedShare ?? 1);
  const allowed = new Set(["overloaded", "rate_limited"]);
  for (const group of [report.paid, report.free])
    for (const code of Object.keys(group.refused)) expect(allowed).toContain(code);
}, 120_000);
