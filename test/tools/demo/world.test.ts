import { expect, it } from "vitest";
import { NOTHING } from "../../../tools/demo/state.ts";
import { openDemoWorld } from "../../../tools/demo/world.ts";
import { testCatalog } from "../../pipeline/test-catalog.ts";

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 2, 1);
const state = {
  seed: 5,
  users: 60,
  days: 10,
  startDay: "2026-03-01",
  doneUntilMs: START_MS,
  counts: NOTHING,
};

/** Takes everything that has happened until a moment. */
function takeUntil(world: ReturnType<typeof openDemoWorld>, nowMs: number) {
  const taken: { readonly event_id: string; readonly ts: number }[] = [];
  let doneUntilMs = START_MS;
  for (let next = world.next(nowMs); next !== null; next = world.next(nowMs)) {
    taken.push(...next.users, ...next.requests, ...next.feedback);
    doneUntilMs = next.untilMs;
  }
  return { taken, doneUntilMs };
}

it("a demo that is stopped at any moment goes on where it was, with the same events and none twice", () => {
  const catalog = testCatalog();
  const endMs = START_MS + 12 * 24 * HOUR_MS;
  const whole = takeUntil(openDemoWorld(state, catalog), endMs).taken;
  const pieces: typeof whole = [];
  let doneUntilMs = START_MS;
  for (const hours of [5, 24, 25, 100.5, 200, 12 * 24]) {
    const step = takeUntil(openDemoWorld({ ...state, doneUntilMs }, catalog), START_MS + hours * HOUR_MS);
    pieces.push(...step.taken);
    doneUntilMs = step.doneUntilMs;
  }
  expect(pieces).toHaveLength(whole.length);
  expect(new Set(pieces.map(({ event_id }) => event_id))).toEqual(
    new Set(whole.map(({ event_id }) => event_id)),
  );
});

it("nothing of the future happens", () => {
  const nowMs = START_MS + 30 * HOUR_MS;
  const { taken } = takeUntil(openDemoWorld(state, testCatalog()), nowMs);
  expect(Math.max(...taken.map(({ ts }) => ts))).toBeLessThan(nowMs);
  expect(takeUntil(openDemoWorld(state, testCatalog()), START_MS - 1).taken).toEqual([]);
});
