import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type GiveBack, openWorkSlots, type SlotLimits } from "../../gateway/work-slots.ts";

const limits: SlotLimits = { maxInFlight: 4, freeShare: 0.5, maxWaiting: 3, maxWaitMs: 60_000, maxOpen: 10 };
const stay = () => undefined;
const open = (given: Partial<SlotLimits> = {}) => openWorkSlots({ ...limits, ...given }, () => 0);
const free = { premium: false, onGone: stay };
const premium = { premium: true, onGone: stay };

/** Who was admitted, in order. */
function queue(slots: ReturnType<typeof open>) {
  const admitted: string[] = [];
  const refused: string[] = [];
  return {
    admitted,
    refused,
    ask(name: string, ask: typeof free) {
      Promise.resolve(slots.take(ask)).then(
        () => admitted.push(name),
        () => refused.push(name),
      );
    },
  };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("work slots", () => {
  test("tiers that do not pay never take the slots that are left for those that do", () => {
    const slots = open();
    expect(slots.take(free)).toBeTypeOf("function");
    expect(slots.take(free)).toBeTypeOf("function");
    const third = slots.take(free);
    expect(third).toBeInstanceOf(Promise);
    expect(slots.take(premium)).toBeTypeOf("function");
    expect(slots.take(premium)).toBeTypeOf("function");
    expect(slots.inWork()).toBe(4);
  });

  test("who waits is admitted in order, those that pay first", async () => {
    const slots = open({ freeShare: 1 });
    const held: GiveBack[] = [];
    for (let at = 0; at < 4; at++) held.push(await slots.take(free));
    const { admitted, ask } = queue(slots);
    ask("free 1", free);
    ask("free 2", free);
    ask("payer", premium);
    for (const give of held) give();
    await settled();
    expect(admitted).toEqual(["payer", "free 1", "free 2"]);
  });

  test("when too many wait, the last one that does not pay makes room for one that does", async () => {
    const slots = open({ freeShare: 1 });
    for (let at = 0; at < 4; at++) await slots.take(premium);
    const { refused, ask } = queue(slots);
    for (const name of ["free 1", "free 2", "free 3", "free 4"]) ask(name, free);
    await settled();
    expect(refused).toEqual(["free 4"]);
    ask("payer", premium);
    await settled();
    expect(refused).toEqual(["free 4", "free 3"]);
    expect(slots.waiting()).toBe(3);
  });

  test("who waits too long is refused with a time to come back, and its place is free", async () => {
    const slots = open({ maxWaitMs: 1, maxInFlight: 1 });
    await slots.take(premium);
    await expect(slots.take(premium)).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 1 });
    expect(slots.waiting()).toBe(0);
  });

  test("a caller that has gone holds no place", async () => {
    const slots = open({ maxInFlight: 1 });
    const give = await slots.take(premium);
    let leave: () => void = stay;
    const waiting = slots.take({ premium: true, onGone: (gone) => (leave = gone) });
    leave();
    await expect(waiting).rejects.toMatchObject({ code: "overloaded" });
    give();
    expect(slots.inWork()).toBe(0);
  });

  test("giving back twice frees one slot", async () => {
    const slots = open();
    const give = await slots.take(premium);
    await slots.take(premium);
    give();
    give();
    expect(slots.inWork()).toBe(1);
  });

  test("whatever happens, no limit is passed, and nobody waits while there is a slot", async () => {
    const step = fc.oneof(fc.constant("free"), fc.constant("premium"), fc.constant("give"));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const slots = open();
        const held = { free: [] as GiveBack[], premium: [] as GiveBack[] };
        for (const what of steps) {
          if (what === "give") (held.free.shift() ?? held.premium.shift())?.();
          else {
            const kind = what === "free" ? "free" : "premium";
            Promise.resolve(slots.take(kind === "free" ? free : premium)).then(
              (give) => held[kind].push(give),
              () => undefined,
            );
          }
          await settled();
          expect(held.free.length).toBeLessThanOrEqual(2);
          expect(held.free.length + held.premium.length).toBeLessThanOrEqual(4);
          expect(slots.inWork()).toBe(held.free.length + held.premium.length);
          expect(slots.waiting()).toBeLessThanOrEqual(3);
          if (slots.waiting() > 0) expect(held.free.length === 2 || slots.inWork() === 4).toBe(true);
        }
      }),
    );
  });
});
