import { expect, test } from "vitest";
import { type Played, play } from "../../../tools/replay/player.ts";
import type { Reply } from "../../../tools/replay/statistics.ts";

const OK: Reply = { kind: "ok", latencyMs: 1, cost: null };

interface Rig {
  readonly played: Promise<Played>;
  readonly sent: number[];
  readonly stop: AbortController;
  answer(): void;
  highest(): number;
}

/** A gateway that answers when it is told to. */
function playAgainst(options: { rows: number; maxInFlight: number; everyMs?: number }): Rig {
  const sent: number[] = [];
  const open: (() => void)[] = [];
  const stop = new AbortController();
  let highest = 0;
  const played = play({
    rows: Array.from({ length: options.rows }, (_, row) => row),
    dueMs: (row) => row * (options.everyMs ?? 0),
    send: (row) => {
      sent.push(row);
      return new Promise((resolve) => {
        open.push(() => resolve(OK));
        highest = Math.max(highest, open.length);
      });
    },
    maxInFlight: options.maxInFlight,
    signal: stop.signal,
    onChange: () => undefined,
  });
  return { played, sent, stop, answer: () => open.shift()?.(), highest: () => highest };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("requests leave whether or not the ones before are answered", async () => {
  const rig = playAgainst({ rows: 50, maxInFlight: 100 });
  expect(rig.sent).toHaveLength(50);
  for (let row = 0; row < 50; row += 1) rig.answer();
  const { tally, abandoned } = await rig.played;
  expect([tally.sent, tally.ok, abandoned]).toEqual([50, 50, 0]);
});

test("there are never more in flight than allowed, and all are sent in order", async () => {
  const rig = playAgainst({ rows: 20, maxInFlight: 3 });
  expect(rig.sent).toEqual([0, 1, 2]);
  for (let row = 0; row < 20; row += 1) {
    rig.answer();
    await turn();
  }
  expect((await rig.played).tally.sent).toBe(20);
  expect(rig.sent).toEqual(Array.from({ length: 20 }, (_, row) => row));
  expect(rig.highest()).toBe(3);
});

test("lateness is known for each request and never negative", async () => {
  const rig = playAgainst({ rows: 5, maxInFlight: 10, everyMs: 2 });
  while (rig.sent.length < 5) await turn();
  for (let row = 0; row < 5; row += 1) rig.answer();
  const { tally } = await rig.played;
  expect(tally.latenessMs).toHaveLength(5);
  expect(Math.min(...tally.latenessMs)).toBeGreaterThanOrEqual(0);
});

test("a stop sends nothing more and waits for what is in flight", async () => {
  const rig = playAgainst({ rows: 1_000, maxInFlight: 4 });
  rig.stop.abort();
  for (let row = 0; row < 4; row += 1) rig.answer();
  const { tally } = await rig.played;
  expect([tally.sent, tally.ok]).toEqual([4, 4]);
});

test("a trace without rows is over at once", async () => {
  expect((await playAgainst({ rows: 0, maxInFlight: 1 }).played).tally.sent).toBe(0);
});
