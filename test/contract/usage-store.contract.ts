import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Reservation, UsageStore } from "../../gateway/usage-store.ts";
import type { Charge } from "../../models/domain/charge.ts";

export interface OpenedUsageStore {
  readonly store: UsageStore;
  /** Closes it and throws its content away. */
  dispose(): Promise<void>;
}

const DAY_END_MS = Date.UTC(2100, 0, 1);

/** What every adapter of the usage store guarantees. `open` gives an empty one each time. */
export function usageStoreContract(name: string, open: () => Promise<OpenedUsageStore>): void {
  const using = async (use: (store: UsageStore) => Promise<void>) => {
    const { store, dispose } = await open();
    try {
      await use(store);
    } finally {
      await dispose();
    }
  };

  describe(`${name} as a usage store`, () => {
    test("a reservation that fits exactly is admitted, and one unit more is denied with the charge and its counter", () =>
      using(async (store) => {
        expect(await store.reserve(reservation("a", [charge("k", 60, 100)]))).toMatchObject({ ok: true });
        const denied = charge("k", 41, 100);
        expect(await store.reserve(reservation("b", [denied]))).toEqual({
          ok: false,
          denied,
          state: { used: 0, reserved: 60 },
        });
        expect(await store.reserve(reservation("c", [charge("k", 40, 100)]))).toMatchObject({ ok: true });
        expect(await store.read(["k"])).toEqual([{ used: 0, reserved: 100 }]);
      }));

    test("a denied reservation touches no counter, not even of the charges that would have fitted", () =>
      using(async (store) => {
        const charges = [charge("fits", 1, 10), charge("full", 1, 0), charge("after", 1, 10)];
        expect(await store.reserve(reservation("a", charges))).toMatchObject({ ok: false });
        expect(await store.read(["fits", "full", "after"])).toEqual([NOTHING, NOTHING, NOTHING]);
        expect(await store.settle("a", [1, 1, 1])).toBe(false);
      }));

    test("two charges of one reservation on the same counter count together", () =>
      using(async (store) => {
        const twice = (amount: number) => [charge("k", amount, 10), charge("k", amount, 10)];
        expect(await store.reserve(reservation("a", twice(6)))).toMatchObject({ ok: false });
        expect(await store.read(["k"])).toEqual([NOTHING]);
        expect(await store.reserve(reservation("b", twice(5)))).toMatchObject({ ok: true });
        expect(await store.settle("b", [2, 3])).toBe(true);
        expect(await store.read(["k"])).toEqual([{ used: 5, reserved: 0 }]);
      }));

    test("a forgotten counter begins again, one that is held at what is reserved, and others stay", () =>
      using(async (store) => {
        await store.reserve(
          reservation("a", [charge("gone", 5, 10), charge("held", 5, 10), charge("other", 5, 10)]),
        );
        await store.settle("a", [5, 5, 5]);
        await store.reserve(reservation("b", [charge("held", 2, 10)]));
        await store.forget(["gone", "held", "never-used"]);
        expect(await store.read(["gone", "held", "other"])).toEqual([
          NOTHING,
          { used: 0, reserved: 2 },
          { used: 5, reserved: 0 },
        ]);
        expect(await store.settle("b", [1])).toBe(true);
        expect(await store.read(["held"])).toEqual([{ used: 1, reserved: 0 }]);
      }));

    test("a settlement replaces what was reserved by what was used, charge by charge, even above the bound", () =>
      using(async (store) => {
        await store.reserve(reservation("a", [charge("x", 5, 10), charge("y", 7, 10)]));
        expect(await store.settle("a", [2, 12])).toBe(true);
        expect(await store.read(["x", "y"])).toEqual([
          { used: 2, reserved: 0 },
          { used: 12, reserved: 0 },
        ]);
        expect(await store.reserve(reservation("b", [charge("y", 0, 10)]))).toMatchObject({ ok: false });
      }));

    test("a release leaves no trace", () =>
      using(async (store) => {
        await store.reserve(reservation("a", [charge("k", 5, 10)]));
        expect(await store.release("a")).toBe(true);
        expect(await store.read(["k"])).toEqual([NOTHING]);
      }));

    test("ending a reservation twice, or one that never was, changes nothing and answers false", () =>
      using(async (store) => {
        await store.reserve(reservation("a", [charge("k", 5, 10)]));
        expect(await store.settle("a", [3])).toBe(true);
        expect(await store.settle("a", [3])).toBe(false);
        expect(await store.release("a")).toBe(false);
        expect(await store.settle("never", [3])).toBe(false);
        expect(await store.read(["k"])).toEqual([{ used: 3, reserved: 0 }]);
      }));

    test("an expired reservation counts on and is told of, whole, until it is settled", () =>
      using(async (store) => {
        const left = reservation("left", [charge("k", 5, 10)], { expiresAtMs: 1_000, memo: '{"who":"ü"}' });
        await store.reserve(left);
        await store.reserve(reservation("running", [charge("k", 2, 10)], { expiresAtMs: 1_001 }));
        expect(await store.expiredReservations(999)).toEqual([]);
        expect(await store.expiredReservations(1_000)).toEqual([left]);
        expect(await store.expiredReservations(1_000)).toEqual([left]);
        expect(await store.read(["k"])).toEqual([{ used: 0, reserved: 7 }]);
        expect(await store.settle("left", [5])).toBe(true);
        expect(await store.expiredReservations(1_000)).toEqual([]);
        expect(await store.read(["k"])).toEqual([{ used: 5, reserved: 2 }]);
      }));

    test("a reservation that its process renews does not expire, however long its request lives", () =>
      using(async (store) => {
        await store.reserve(reservation("long/0", [charge("k", 5, 10)], { expiresAtMs: 1_000 }));
        await store.renew({ beforeMs: 1_001, untilMs: 2_000 });
        expect(await store.expiredReservations(1_999)).toEqual([]);
        await store.renew({ beforeMs: 2_000, untilMs: 9_000 });
        expect(await store.expiredReservations(1_999)).toEqual([]);
        expect((await store.expiredReservations(2_000)).map(({ id }) => id)).toEqual(["long/0"]);
        await store.renew({ beforeMs: 2_001, untilMs: 9_000 });
        expect(await store.expiredReservations(8_999)).toEqual([]);
        expect(await store.settle("long/0", [3])).toBe(true);
        await store.renew({ beforeMs: 10_000, untilMs: 20_000 });
        expect(await store.expiredReservations(30_000)).toEqual([]);
        expect(await store.read(["k"])).toEqual([{ used: 3, reserved: 0 }]);
      }));

    test("an expired reservation is told of together with all others of its request", () =>
      using(async (store) => {
        await store.reserve(reservation("one/1", [charge("k", 5, 100)], { expiresAtMs: 5_000 }));
        await store.reserve(reservation("one/0", [charge("k", 5, 100)], { expiresAtMs: 1_000 }));
        await store.reserve(reservation("other/0", [charge("k", 5, 100)], { expiresAtMs: 5_000 }));
        const told = await store.expiredReservations(1_000);
        expect(told.map(({ id }) => id).sort()).toEqual(["one/0", "one/1"]);
      }));

    test("a limit of Infinity only counts, and amounts of 0 are fine", () =>
      using(async (store) => {
        const charges = [charge("k", 1e12, Number.POSITIVE_INFINITY), charge("z", 0, 0)];
        expect(await store.reserve(reservation("a", charges))).toMatchObject({ ok: true });
        expect(await store.settle("a", [7, 0])).toBe(true);
        expect(await store.read(["k", "z"])).toEqual([{ used: 7, reserved: 0 }, NOTHING]);
      }));

    test("a denial forgets no counter that a reservation of 0 holds: what it costs in the end is counted", () =>
      using(async (store) => {
        await store.reserve(reservation("a", [charge("k", 0, 10)]));
        const tooMuch = reservation("b", [charge("k", 9, 10), charge("k", 9, 10)]);
        expect(await store.reserve(tooMuch)).toMatchObject({ ok: false });
        expect(await store.settle("a", [1])).toBe(true);
        expect(await store.read(["k"])).toEqual([{ used: 1, reserved: 0 }]);
      }));

    test("callers that all ask at the same moment get the limit and not one unit more", () =>
      using(async (store) => {
        const results = await Promise.all(
          Array.from({ length: 500 }, (_, at) => store.reserve(reservation(`r${at}`, [charge("k", 3, 301)]))),
        );
        expect(results.filter(({ ok }) => ok)).toHaveLength(100);
        expect(await store.read(["k"])).toEqual([{ used: 0, reserved: 300 }]);
      }));

    test("whatever is reserved, settled, released and expired in whatever order: the counters are those of a model that cannot be wrong", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 80 }), (operations) =>
          using((store) => followModel(store, operations)),
        ),
        { numRuns: 100 },
      );
    }, 120_000);
  });
}

const NOTHING = { used: 0, reserved: 0 };

export function charge(key: string, amount: number, limit: number): Charge {
  return { scope: "user-day", unit: "nano-usd", key, amount, limit, windowEndsAtMs: DAY_END_MS };
}

export function reservation(
  id: string,
  charges: readonly Charge[],
  more: Partial<Reservation> = {},
): Reservation {
  return { id, charges, expiresAtMs: DAY_END_MS, memo: "{}", ...more };
}

type Operation =
  | {
      readonly type: "reserve";
      readonly charges: readonly { readonly key: number; readonly amount: number }[];
      readonly expiresAtMs: number;
      readonly together: boolean;
    }
  | { readonly type: "settle"; readonly at: number; readonly actual: number }
  | { readonly type: "release"; readonly at: number }
  | { readonly type: "expire"; readonly nowMs: number };

/** Three keys whose limits are in reach, so that about half of the reservations are denied. */
const LIMITS = [20, 50, Number.POSITIVE_INFINITY];

const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant("reserve" as const),
      charges: fc.array(fc.record({ key: fc.nat(2), amount: fc.nat(15) }), { minLength: 1, maxLength: 4 }),
      expiresAtMs: fc.integer({ min: 1, max: 100 }),
      together: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ type: fc.constant("settle" as const), at: fc.nat(50), actual: fc.nat(6) }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("release" as const), at: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("expire" as const), nowMs: fc.nat(100) }) },
);

async function followModel(store: UsageStore, operations: readonly Operation[]): Promise<void> {
  const model = { used: [0, 0, 0], open: new Map<string, Reservation>() };
  const reserved = (key: number) =>
    [...model.open.values()]
      .flatMap(({ charges }) => charges)
      .reduce((sum, { key: name, amount }) => (name === `k${key}` ? sum + amount : sum), 0);
  const spend = (charges: readonly Charge[], amountOf: (charge: Charge) => number) => {
    for (const one of charges) {
      const key = Number(one.key.slice(1));
      model.used[key] = (model.used[key] ?? 0) + amountOf(one);
    }
  };
  const unawaited: unknown[] = [];
  for (const [at, step] of operations.entries()) {
    const id = step.type === "settle" || step.type === "release" ? `r${step.at}` : `r${at}`;
    const open = model.open.get(id);
    if (step.type === "reserve") {
      const charges = step.charges.map(({ key, amount }) => charge(`k${key}`, amount, LIMITS[key] ?? 0));
      const asked = reservation(id, charges, { expiresAtMs: step.expiresAtMs });
      const fits = LIMITS.every((limit, key) => {
        const own = charges.filter(({ key: name }) => name === `k${key}`);
        const sum = own.reduce((total, { amount }) => total + amount, 0);
        return own.length === 0 || (model.used[key] ?? 0) + reserved(key) + sum <= limit;
      });
      const answer = store.reserve(asked);
      if (step.together) unawaited.push(answer);
      else expect((await answer).ok).toBe(fits);
      if (fits) model.open.set(id, asked);
    } else if (step.type === "expire") {
      const over = [...model.open.values()].filter(({ expiresAtMs }) => expiresAtMs <= step.nowMs);
      const handedOut = await store.expiredReservations(step.nowMs);
      expect(handedOut.map((one) => one.id).sort()).toEqual(over.map((one) => one.id).sort());
      for (const one of over) {
        expect(
          await store.settle(
            one.id,
            one.charges.map(({ amount }) => amount),
          ),
        ).toBe(true);
        model.open.delete(one.id);
        spend(one.charges, ({ amount }) => amount);
      }
    } else if (step.type === "settle") {
      expect(await store.settle(id, open?.charges.map(() => step.actual) ?? [])).toBe(open !== undefined);
      model.open.delete(id);
      spend(open?.charges ?? [], () => step.actual);
    } else {
      expect(await store.release(id)).toBe(open !== undefined);
      model.open.delete(id);
    }
    const states = await store.read(["k0", "k1", "k2"]);
    expect(states).toEqual(model.used.map((used, key) => ({ used, reserved: reserved(key) })));
  }
  await Promise.all(unawaited);
}
