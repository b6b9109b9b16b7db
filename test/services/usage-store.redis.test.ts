import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { openRedisUsageStore } from "../../gateway/usage-store.redis.ts";
import { UsageStoreError } from "../../gateway/usage-store.ts";
import { charge, reservation, usageStoreContract } from "../contract/usage-store.contract.ts";
import { waitFor } from "../support/wait-for.ts";
import { type RedisServer, startRedisServer } from "./support/redis-server.ts";
import { openRedisStore } from "./support/redis-store.ts";

usageStoreContract("Redis", () => openRedisStore(inject("redisUrl")));

describe("a Redis cluster", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer(["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"]);
    const admin = new Redis(server.url);
    await admin.call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
    await waitFor("the cluster", async () => (await admin.cluster("INFO")).includes("cluster_state:ok"));
    await admin.quit();
  });
  afterAll(() => server.close());

  usageStoreContract("a Redis cluster", () => openRedisStore(`${server.url}?cluster=1`));
});

describe("several gateways on one Redis", () => {
  test("together they get a limit and not one unit more", async () => {
    const prefix = randomUUID();
    const stores = await Promise.all(
      Array.from({ length: 3 }, () => openRedisStore(inject("redisUrl"), { prefix })),
    );
    const results = await Promise.all(
      Array.from({ length: 900 }, (_, at) =>
        stores[at % 3]?.store.reserve(reservation(`r${at}`, [charge("k", 7, 2_103), charge("all", 7, 1e15)])),
      ),
    );
    expect(results.filter((result) => result?.ok)).toHaveLength(300);
    expect(await stores[0]?.store.read(["k", "all"])).toEqual([
      { used: 0, reserved: 2_100 },
      { used: 0, reserved: 2_100 },
    ]);
    await Promise.all(stores.map(({ dispose }) => dispose()));
  });

  test("what a gateway left behind is told to one other gateway, and settled to what the log knows", async () => {
    const prefix = randomUUID();
    const gone = await openRedisStore(inject("redisUrl"), { prefix, now: () => 1_000_000 });
    await gone.store.reserve(reservation("recorded/0", [charge("k", 50, 100)], { expiresAtMs: 5 }));
    const lost = reservation("lost/0", [charge("k", 40, 100)], { expiresAtMs: 5, memo: '{"who":"ada"}' });
    await gone.store.reserve(lost);
    await gone.dispose();

    const since: number[] = [];
    async function* settledSince(sinceMs: number) {
      since.push(sinceMs);
      yield { requestId: "recorded", cost: 8 };
    }
    const first = await openRedisStore(inject("redisUrl"), { prefix, settledSince });
    const second = await openRedisStore(inject("redisUrl"), { prefix, settledSince });
    expect(await first.store.expiredReservations(10)).toEqual([lost]);
    expect(await second.store.expiredReservations(10)).toEqual([]);
    expect(await first.store.expiredReservations(10)).toEqual([lost]);
    expect(since).toHaveLength(1);
    expect(since[0]).toBeLessThanOrEqual(1_000_000);
    expect(await second.store.read(["k"])).toEqual([{ used: 8, reserved: 40 }]);
    expect(await first.store.settle("lost/0", [40])).toBe(true);
    expect(await second.store.settle("lost/0", [40])).toBe(false);
    expect(await second.store.read(["k"])).toEqual([{ used: 48, reserved: 0 }]);
    await Promise.all([first.dispose(), second.dispose()]);
  });

  test("a gateway that was taken for dead and comes back corrects what another one has settled, in every counter and once", async () => {
    const prefix = randomUUID();
    const slow = await openRedisStore(inject("redisUrl"), { prefix });
    const other = await openRedisStore(inject("redisUrl"), { prefix });
    const charges = [charge("k", 50, 1_000), charge("n", 1, 10)];
    for (const id of ["under/0", "over/0", "none/0"])
      await slow.store.reserve(reservation(id, charges, { expiresAtMs: 5 }));
    for (const { id } of await other.store.expiredReservations(10))
      expect(await other.store.settle(id, [50, 1])).toBe(true);
    expect(await other.store.read(["k", "n"])).toEqual([
      { used: 150, reserved: 0 },
      { used: 3, reserved: 0 },
    ]);
    expect(await slow.store.settle("under/0", [8, 1])).toBe(true);
    expect(await slow.store.settle("over/0", [90, 1])).toBe(true);
    expect(await slow.store.release("none/0")).toBe(true);
    for (const id of ["under/0", "over/0", "none/0"]) {
      expect(await slow.store.settle(id, [7, 7])).toBe(false);
      expect(await other.store.settle(id, [7, 7])).toBe(false);
    }
    expect(await other.store.read(["k", "n"])).toEqual([
      { used: 98, reserved: 0 },
      { used: 2, reserved: 0 },
    ]);
    await Promise.all([slow.dispose(), other.dispose()]);
  });

  test("a gateway whose clock was set forward takes no living request of another one for dead", async () => {
    const prefix = randomUUID();
    const living = await openRedisStore(inject("redisUrl"), { prefix });
    const fast = await openRedisStore(inject("redisUrl"), { prefix });
    const expiresAtMs = Date.now() + 60_000;
    await living.store.reserve(reservation("living/0", [charge("k", 5, 10)], { expiresAtMs }));
    expect(await fast.store.expiredReservations(Date.now() + 2 * 86_400_000)).toEqual([]);
    await Promise.all([living.dispose(), fast.dispose()]);
  });

  test("a counter is forgotten after its window, and one that is settled later does not stay", async () => {
    const { store, dispose } = await openRedisStore(inject("redisUrl"));
    const old = { ...charge("old", 5, 10), windowEndsAtMs: Date.now() - 2 * 3_600_000 };
    await store.reserve(reservation("a", [old]));
    expect(await store.read(["old"])).toEqual([{ used: 0, reserved: 0 }]);
    expect(await store.settle("a", [5])).toBe(true);
    expect(await store.read(["old"])).toEqual([{ used: 0, reserved: 0 }]);
    await dispose();
  });

  test("amounts near the largest exact integer are kept exactly, and none beyond it", async () => {
    const { store, dispose } = await openRedisStore(inject("redisUrl"));
    const most = Number.MAX_SAFE_INTEGER;
    await store.reserve(reservation("a", [charge("k", most - 1, most)]));
    expect(await store.reserve(reservation("b", [charge("k", 2, most)]))).toMatchObject({ ok: false });
    expect(await store.reserve(reservation("c", [charge("k", 1, most)]))).toMatchObject({ ok: true });
    expect(await store.read(["k"])).toEqual([{ used: 0, reserved: most }]);
    const unlimited = reservation("d", [charge("k", 1, Number.POSITIVE_INFINITY)]);
    await expect(store.reserve(unlimited)).rejects.toBeInstanceOf(UsageStoreError);
    await dispose();
  });
});

describe("when Redis fails", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.close());

  test("a reservation that was acknowledged survives kill -9, and so does a settlement", async () => {
    const { store, dispose } = await openRedisStore(server.url);
    await store.reserve(reservation("done", [charge("k", 9, 100)]));
    await store.settle("done", [4]);
    await store.reserve(reservation("open", [charge("k", 5, 100)]));
    await server.kill();
    await server.restart();
    const states = await waitFor("Redis", async () => {
      try {
        return await store.read(["k"]);
      } catch (error) {
        if (error instanceof UsageStoreError) return null;
        throw error;
      }
    });
    expect(states).toEqual([{ used: 4, reserved: 5 }]);
    expect(await store.settle("open", [5])).toBe(true);
    await dispose();
  });

  test("while it is away every reserve is refused, a settlement waits for it, and it goes on by itself", async () => {
    const { store, dispose } = await openRedisStore(server.url);
    await store.reserve(reservation("before", [charge("k2", 5, 100)]));
    await server.kill();
    await expect(store.reserve(reservation("away", [charge("k2", 1, 100)]))).rejects.toBeInstanceOf(
      UsageStoreError,
    );
    const settled = store.settle("before", [3]);
    await server.restart();
    expect(await settled).toBe(true);
    expect(await store.read(["k2"])).toEqual([{ used: 3, reserved: 0 }]);
    await dispose();
  });

  test("while it stands still every reserve is refused, and afterwards nothing of them stays reserved and the limit holds", async () => {
    const { store, dispose } = await openRedisStore(server.url);
    await store.reserve(reservation("before", [charge("frozen", 40, 100)]));
    server.freeze();
    const refused = await Promise.allSettled(
      Array.from({ length: 50 }, (_, at) =>
        store.reserve(reservation(`away${at}`, [charge("frozen", 1, 100)])),
      ),
    );
    const settled = store.settle("before", [30]);
    for (const result of refused)
      expect(result).toMatchObject({ status: "rejected", reason: expect.any(UsageStoreError) });
    server.thaw();
    expect(typeof (await settled)).toBe("boolean");
    await waitFor("what was undone", async () => (await store.read(["frozen"]))[0]?.reserved === 0);
    expect(await store.read(["frozen"])).toEqual([{ used: 30, reserved: 0 }]);
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        store.reserve(reservation(`then${at}`, [charge("frozen", 1, 100)])),
      ),
    );
    expect(results.filter(({ ok }) => ok)).toHaveLength(70);
    await dispose();
  });

  test("a settlement that found no Redis for longer than its caller waits is made when it is back, though its reservation is then long due", async () => {
    const prefix = randomUUID();
    const { store, dispose } = await openRedisStore(server.url, { prefix });
    await store.reserve(reservation("late/0", [charge("late", 50, 100)], { expiresAtMs: 5 }));
    await server.kill();
    await expect(store.settle("late/0", [8])).rejects.toBeInstanceOf(UsageStoreError);
    await server.restart();
    await waitFor("the settlement", async () => {
      try {
        return (await store.read(["late"]))[0]?.used === 8;
      } catch (error) {
        if (error instanceof UsageStoreError) return false;
        throw error;
      }
    });
    expect(await store.read(["late"])).toEqual([{ used: 8, reserved: 0 }]);
    await dispose();
  }, 30_000);

  test("one that runs no scripts is refused at the start: no gateway begins with limits of its own", async () => {
    const admin = new Redis(server.url);
    await admin.call("ACL", "SETUSER", "scriptless", "on", ">pass", "~*", "+@all", "-@scripting");
    await admin.quit();
    const url = server.url.replace("redis://", "redis://scriptless:pass@");
    const opening = openRedisUsageStore({ url, now: Date.now, onError: () => {} });
    await expect(opening).rejects.toBeInstanceOf(UsageStoreError);
  });

  test("a server that throws counters away when memory is short is refused", async () => {
    const evicting = await startRedisServer(["--maxmemory-policy", "allkeys-lru"]);
    const opening = openRedisUsageStore({ url: evicting.url, now: Date.now, onError: () => {} });
    await expect(opening).rejects.toThrow("noeviction");
    await evicting.close();
  });
});
