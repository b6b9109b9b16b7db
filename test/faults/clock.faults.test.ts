import { afterAll, beforeAll, expect, test } from "vitest";
import { calendarWindow } from "../../models/domain/window.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { tell } from "./support/fault-table.ts";

/** Requests a day in the tests' catalog. */
const DAILY_REQUESTS = 10;
const USERS = ["ada", "bob", "cleo"];
const MINUTE_MS = 60_000;
/** Around midnight: over it, back, and further than a window outlives its end. */
const JUMPS_MINUTES = [1, -1, 30, -45, 50, -30, 1_440, -1_440, 1_440, 90, -120, 2_880, -1_470, 15, -15];

let nowMs = Date.UTC(2026, 10, 24, 23, 59, 40);
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ now: () => nowMs });
});
afterAll(() => gateway.close());

test("a clock that jumps to and fro gives nobody more than a day's limit in any day, and every answer has one event", async () => {
  const answers = new Map<string, number>();
  let [sent, answered] = [0, 0];
  for (const jump of JUMPS_MINUTES) {
    for (const user of USERS) {
      const day = calendarWindow("day", nowMs, "UTC").name;
      const asked = Array.from({ length: DAILY_REQUESTS }, () => ask(user));
      const statuses = await Promise.all(asked);
      const passed = statuses.filter((status) => status === 200).length;
      sent += statuses.length;
      answered += passed;
      answers.set(`${user} ${day}`, (answers.get(`${user} ${day}`) ?? 0) + passed);
    }
    nowMs += jump * MINUTE_MS;
  }
  const events = await gateway.events();
  const ids = new Set(events.map(({ event_id: id }) => id));
  const stored = events.filter(({ outcome }) => outcome === "ok").length;
  const row = {
    fault: "the clock of a gateway jumps to and fro, by up to two days, within a minute",
    times: JUMPS_MINUTES.length,
    ...{ sent, answered },
    lost: answered - stored,
    double: events.length - ids.size,
    overLimit: [...answers.values()].filter((count) => count > DAILY_REQUESTS).length,
  };
  await tell(row);
  expect(answered).toBeGreaterThanOrEqual(4 * DAILY_REQUESTS * USERS.length);
  expect(row).toMatchObject({ lost: 0, double: 0, overLimit: 0 });
});

async function ask(user: string): Promise<number> {
  const body = { model: "auto", messages: [{ role: "user", content: "hello" }] };
  const response = await gateway.post(body, { "x-vigor-user": user });
  await response.text();
  return response.status;
}
