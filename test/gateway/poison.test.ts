import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sweepOrphans } from "../../gateway/orphan-sweep.ts";
import { TOPICS } from "../../ingest/event-log.ts";
import { charge, reservation } from "../contract/usage-store.contract.ts";
import { oddEventsFor, poisonFor } from "../support/poison.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const REQUEST = "01900000-0000-7000-8000-00000000000a";
const question = { model: "auto", messages: [{ role: "user", content: "hello" }] };

let directory: string;
let gateway: TestGateway;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-poison-"));
  gateway = await startTestGateway({ directory });
});
afterEach(async () => {
  await gateway.close();
  await rm(directory, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  await gateway.close();
  gateway = await startTestGateway({ directory });
}

async function left(id: string, memo: string): Promise<void> {
  const charges = [charge(`of-${id}`, 700, 1_000)];
  await gateway.usage.reserve(reservation(id, charges, { memo, expiresAtMs: Date.now() - 1 }));
}

it("a gateway starts and serves with poison in every topic, also where a crash has left reservations, again and again", async () => {
  for (const topic of TOPICS) {
    const poison = [...Object.values(poisonFor(topic)), ...oddEventsFor(topic)];
    await gateway.records.append(
      topic,
      poison.map((value) => ({ key: "k", value })),
    );
  }
  await left(`${REQUEST}/0`, "{}");
  for (let start = 0; start < 3; start++) {
    await restart();
    const response = await gateway.post(question, { "x-vigor-user": `user-${start}` });
    expect(response.status).toBe(200);
    await gateway.setTier(`set-${start}`, "unlimited");
  }
});

it("a reservation whose facts cannot be read is recorded once at its bound, and holds up no other one", async () => {
  const memos = ["", "not json", "[]", '{"event_id":1}', "{}"];
  for (const [at, memo] of memos.entries()) await left(`${REQUEST.slice(0, -1)}${at}/0`, memo);
  await left("no-request/0", "{}");
  // Its own requests live; what an earlier process has left does not.
  await restart();
  const recording = new Set<string>();
  await sweepOrphans(gateway.running.gateway, recording);
  await sweepOrphans(gateway.running.gateway, recording);
  const orphaned = (await gateway.events()).filter(({ outcome }) => outcome === "orphaned");
  expect(orphaned.map(({ cost }) => cost)).toEqual(memos.map(() => 700));
  expect(new Set(orphaned.map(({ event_id }) => event_id)).size).toBe(memos.length);
  expect(await gateway.usage.expiredReservations(Date.now())).toEqual([]);
  expect(await gateway.usage.read(["of-no-request/0"])).toEqual([{ used: 700, reserved: 0 }]);
});
