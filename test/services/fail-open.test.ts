import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { failOpen } from "../../gateway/redis/fail-open.ts";
import { UsageStoreError } from "../../gateway/usage-store.ts";
import { charge, reservation } from "../contract/usage-store.contract.ts";
import { waitFor } from "../support/wait-for.ts";
import { type RedisServer, startRedisServer } from "./support/redis-server.ts";
import { openRedisStore } from "./support/redis-store.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(() => server.close());

test("failing open lets through up to the cap and no more, and counts what was spent as soon as Redis is back", async () => {
  const prefix = randomUUID();
  const { store: inner } = await openRedisStore(server.url, { prefix });
  const store = failOpen({ store: inner, capNano: 100, onError: () => {} });
  const ask = (id: string, amount: number) =>
    store.reserve(reservation(`${id}/0`, [charge("k", amount, 10)]));
  expect(await ask("before", 11)).toMatchObject({ ok: false });
  await server.kill();
  expect(await ask("a", 60)).toMatchObject({ ok: true });
  await expect(ask("b", 41)).rejects.toBeInstanceOf(UsageStoreError);
  expect(await ask("c", 40)).toMatchObject({ ok: true });
  expect(await store.settle("a/0", [25])).toBe(true);
  expect(await store.settle("a/0", [25])).toBe(false);
  // What was not used is free again.
  expect(await ask("d", 35)).toMatchObject({ ok: true });
  expect(await store.release("d/0")).toBe(true);
  await server.restart();
  await waitFor("the count", async () => {
    try {
      return (await store.read(["k"]))[0]?.used === 25;
    } catch (error) {
      if (error instanceof UsageStoreError) return false;
      throw error;
    }
  });
  expect(await store.settle("c/0", [7])).toBe(true);
  await waitFor("the count", async () => (await store.read(["k"]))[0]?.used === 32);
  expect(await store.read(["k"])).toEqual([{ used: 32, reserved: 0 }]);
  expect(await ask("after", 1)).toMatchObject({ ok: false });
  await store.close();
});

test("what passed while Redis stood still is counted once, though telling it went unanswered several times", async () => {
  const errors: unknown[] = [];
  const { store: inner } = await openRedisStore(server.url, { prefix: randomUUID() });
  const store = failOpen({ store: inner, capNano: 100, onError: (error) => errors.push(error) });
  const ask = (id: string, amount: number) =>
    store.reserve(reservation(`${id}/0`, [charge("k", amount, 1_000)]));
  server.freeze();
  expect(await ask("a", 60)).toMatchObject({ ok: true });
  expect(await store.settle("a/0", [25])).toBe(true);
  await waitFor("two answers that did not come", () => errors.length >= 2);
  // Its money counts against the cap until Redis has said that it has it.
  await expect(ask("b", 76)).rejects.toBeInstanceOf(UsageStoreError);
  server.thaw();
  await waitFor("the count", async () => {
    const [state] = await store.read(["k"]);
    return state?.used === 25 && state.reserved === 0;
  });
  const told = errors.length;
  expect(await ask("c", 100)).toMatchObject({ ok: true });
  expect(await store.settle("c/0", [10])).toBe(true);
  expect(await store.read(["k"])).toEqual([{ used: 35, reserved: 0 }]);
  expect(errors.length).toBe(told);
  await store.close();
}, 30_000);
