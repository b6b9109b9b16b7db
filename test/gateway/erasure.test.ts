import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { z } from "zod";
import { userId } from "../../models/domain/ids.ts";
import { calendarWindow } from "../../models/domain/window.ts";
import { findInFiles } from "../support/search-files.ts";
import { testCatalog } from "../support/test-catalog.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";

const features = { plan: { cache: { minutes: 600 } } };
const completion = z.looseObject({ id: z.string().min(10) });

let directory: string;
let gateway: TestGateway;
let id: string;
const open = async (): Promise<void> => {
  gateway = await startTestGateway({ directory, catalog: testCatalog({ features }) });
};
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-erasure-"));
  id = `user-${randomUUID()}`;
  await open();
});
afterEach(async () => {
  await gateway.close();
  await rm(directory, { recursive: true, force: true });
});

async function ask(user = id) {
  const response = await gateway.post(
    { model: "auto", messages: [{ role: "user", content: `a plan for ${user}` }] },
    { "x-vigor-user": user, "x-vigor-feature": "plan" },
  );
  expect(response.status).toBe(200);
  const answer = completion.parse(await response.json()).id;
  return { answer, cache: response.headers.get("x-vigor-cache") };
}

/** As the pipeline does it, whose clock may be ahead of the gateway's. */
async function erase(aheadMs = 0): Promise<number> {
  const ts = Date.now() + aheadMs;
  const event = { type: "erased", event_id: randomUUID(), user_id: id, ts, actor: "admin" };
  await gateway.log.append("users", [{ key: id, value: Buffer.from(JSON.stringify(event)) }]);
  await waitFor("the erasure", () => directoryOf().lifeOf(userId.parse(id)) === ts);
  return ts;
}

const directoryOf = () => gateway.running.gateway.directory;
const spentByAll = () => {
  const day = calendarWindow("day", Date.now(), "UTC").name;
  return gateway.usage.read([`global-day:nano-usd:${day}:`]);
};

it("an erased user's answers and counters are in no file of the gateway any more, others' and everybody's stay", async () => {
  const { answer } = await ask();
  const other = await ask("somebody-else");
  await gateway.events();
  for (const [part, text] of [
    ["cache", answer],
    ["cache", other.answer],
    ["usage", id],
  ] as const)
    await waitFor(
      `${text} in ${part}`,
      async () => (await findInFiles(join(directory, part), text)).length > 0,
    );
  const before = await spentByAll();
  await erase();
  for (const [part, text] of [
    ["cache", answer],
    ["usage", id],
  ] as const)
    await waitFor(
      `no ${text} in ${part}`,
      async () => (await findInFiles(join(directory, part), text)).length === 0,
    );
  expect(await findInFiles(join(directory, "cache"), other.answer)).toHaveLength(1);
  expect(await ask("somebody-else")).toEqual({ answer: other.answer, cache: "hit" });
  expect(await spentByAll()).toEqual(before);
});

it("a gateway that was away at the erasure forgets the user at its next start", async () => {
  const { answer } = await ask();
  await gateway.events();
  const log = gateway.records;
  const event = { type: "erased", event_id: randomUUID(), user_id: id, ts: Date.now() + 5, actor: "admin" };
  await gateway.running.close();
  await log.append("users", [{ key: id, value: Buffer.from(JSON.stringify(event)) }]);
  await gateway.close();
  expect(await findInFiles(join(directory, "cache"), answer)).toHaveLength(1);
  await open();
  for (const [part, text] of [
    ["cache", answer],
    ["usage", id],
  ] as const)
    await waitFor(
      `no ${text} in ${part}`,
      async () => (await findInFiles(join(directory, part), text)).length === 0,
    );
  expect((await ask()).cache).toBe("miss");
});

it("who comes back with an erased id is a new user, to the gateway of the day and to every later one", async () => {
  await ask();
  // What is under way at the erasure is counted when it is over.
  await gateway.events();
  const erasedAtMs = await erase(60_000);
  const second = await ask();
  expect(second.cache).toBe("miss");
  const back = directoryOf().user(userId.parse(id));
  expect(back?.createdAt).toBeGreaterThan(erasedAtMs);
  const events = await gateway.events();
  expect(events.map(({ asked_again_of }) => asked_again_of)).toEqual(["", ""]);
  const usage = await gateway.client(id).get("/usage");
  expect(usage).toMatchObject({ scopes: { day: { used: 1 } } });
  await gateway.close();
  await open();
  expect(directoryOf().user(userId.parse(id))).toEqual(back);
  expect(await ask()).toEqual({ answer: second.answer, cache: "hit" });
  await erase(120_000);
  expect(directoryOf().user(userId.parse(id))).toBeNull();
});
