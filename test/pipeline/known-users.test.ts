import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { rollUp } from "../../pipeline/jobs/roll-up.ts";
import { startTestControl, type TestControl } from "./test-control.ts";
import { recentRequest, startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

const NOW = Date.now();
const DAY_MS = 86_400_000;

let pipeline: TestPipeline;
let control: TestControl;
beforeAll(async () => {
  pipeline = await startTestPipeline();
  control = await startTestControl({ warehouse: pipeline.deps.warehouse });
  await control.call("PUT", "/api/users/b-real", { tier: "premium" });
  await meet("a-made", "simulated-1", "free");
  await meet("c-made", "simulated-1", "unlimited");
  await meet("d-elsewhere", "another-log", "free");
});
afterAll(async () => {
  await control.close();
  await pipeline.close();
});

it("users of the simulation are listed among the real ones, marked, with what all of them have spent", async () => {
  const spent = (user: string, cost: number, ts: number) =>
    pipeline.store([recentRequest(NOW, { user_id: user, cost, ts })]);
  await spent("a-made", 2_000_000_000, NOW - 5 * DAY_MS);
  await rollUp("requests")(pipeline.deps, NOW);
  await spent("a-made", 500_000_000, NOW);
  await spent("a-made", 9_000_000_000, NOW - 40 * DAY_MS);
  await spent("b-real", 1_000_000_000, NOW);
  const { body } = await control.call("GET", "/api/users");
  expect(body).toMatchObject({
    total: 1,
    simulatedTotal: 2,
    nextCursor: null,
    users: [
      { id: "a-made", tier: "free", simulated: true, spend30Days: 2.5 },
      { id: "b-real", tier: "premium", simulated: false, spend30Days: 1 },
      { id: "c-made", tier: "unlimited", simulated: true, spend30Days: 0 },
    ],
  });
});

it("pages go through both, each user once, and a search finds both", async () => {
  const seen: unknown[] = [];
  for (let cursor: unknown = ""; cursor !== null; ) {
    const { body } = await control.call("GET", `/api/users?limit=1&cursor=${cursor}`);
    const users = Array.isArray(body.users) ? body.users : [];
    seen.push(...users.map(({ id }) => id));
    cursor = body.nextCursor;
  }
  expect(seen).toEqual(["a-made", "b-real", "c-made"]);
  expect((await control.call("GET", "/api/users?search=made")).body).toMatchObject({
    users: [{ id: "a-made" }, { id: "c-made" }],
  });
});

it("one of them is told without counters, as no gateway knows it", async () => {
  expect((await control.call("GET", "/api/users/a-made")).body).toMatchObject({
    id: "a-made",
    tier: "free",
    simulated: true,
    usage: null,
  });
  expect((await control.call("GET", "/api/users/d-elsewhere")).status).toBe(404);
});

it("while the warehouse is away the real ones are listed, and it says that the others and the spend are not known", async () => {
  const alone = await startTestControl();
  await alone.call("PUT", "/api/users/real", { tier: "free" });
  const { status, body } = await alone.call("GET", "/api/users");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    simulatedTotal: null,
    users: [{ id: "real", simulated: false, spend30Days: null }],
  });
  await alone.close();
});

async function meet(user: string, partition: string, tier: string): Promise<void> {
  const event = {
    event_id: randomUUID(),
    user_id: user,
    ts: NOW - 60 * DAY_MS,
    type: "seen",
    tier,
    actor: "",
  };
  await pipeline.deps.warehouse.insert("user_events", [
    { ...event, log_partition: partition, log_offset: 0 },
  ]);
}
