import fc from "fast-check";
import { v7 as uuidv7 } from "uuid";
import { expect, it } from "vitest";
import {
  applyUserEvent,
  type UserEvent,
  type UserRecord,
  userEvent,
} from "../../../models/domain/user-event.ts";

function event(type: UserEvent["type"], ts: number, tier = "free"): UserEvent {
  return userEvent.parse({ type, ts, tier, event_id: uuidv7(), user_id: "ada", actor: "test" });
}

function fold(events: readonly UserEvent[]): UserRecord | undefined {
  let record: UserRecord | undefined;
  for (const one of events) record = applyUserEvent(record, one);
  return record;
}

it("a user who was erased and came back is a new user, also when the erasure is read last", () => {
  const came = [event("seen", 1), event("set", 2, "premium"), event("seen", 10)];
  const erased = event("erased", 5);
  const back = { id: "ada", tier: "free", createdAt: 10, tierUpdatedAt: null };
  expect(fold([...came, erased])).toMatchObject({ user: back, erasedAtMs: 5 });
  expect(fold([erased, ...came])).toMatchObject({ user: back, erasedAtMs: 5 });
  expect(fold([...came, erased, event("erased", 11)])).toMatchObject({ user: null, erasedAtMs: 11 });
});

it("whatever the order in which events are read, and however often, they tell the same of a user", () => {
  const moments = fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 12 });
  const kind = fc.constantFrom<UserEvent["type"]>("seen", "set", "erased");
  const tiers = fc.constantFrom("free", "premium", "unlimited");
  const life = moments.chain((times) =>
    fc.tuple(...times.map((ts) => fc.tuple(kind, tiers).map(([type, tier]) => event(type, ts, tier)))),
  );
  fc.assert(
    fc.property(
      life.chain((events) =>
        fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })),
      ),
      ([events, shuffled]) => {
        const inOrder = [...events].sort((a, b) => a.ts - b.ts);
        expect(fold([...shuffled, ...shuffled])).toEqual(fold(inOrder));
      },
    ),
  );
});
