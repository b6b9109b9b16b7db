import { expect, test } from "vitest";
import {
  type ConditionEvent,
  conditionEpisodes,
  conditionEvent,
} from "../../../models/domain/gateway-condition.ts";

let made = 0;
function event(ts: number, change: string, more: Partial<ConditionEvent> = {}): ConditionEvent {
  const [from = "", to = ""] = change.split(">");
  made += 1;
  return conditionEvent.parse({
    type: "condition",
    id: `01936000-0000-7000-8000-${String(made).padStart(12, "0")}`,
    ts,
    gateway: "a",
    condition: "safeguard",
    subject: "",
    from,
    to,
    reason: "a test",
    numbers: { ratio: 0.9 },
    expiresAt: ts + 300,
    ...more,
  });
}

test("a condition that gets worse and ends is one episode", () => {
  const events = [event(1, "normal>paused"), event(2, "paused>stopped"), event(9, "stopped>normal")];
  expect(conditionEpisodes(events, 10)).toEqual([
    expect.objectContaining({ id: events[0]?.id, state: "stopped", beganAt: 1, changedAt: 2, endedAt: 9 }),
  ]);
});

test("it holds as long as one gateway says so", () => {
  const events = [
    event(1, "normal>paused"),
    event(2, "normal>paused", { gateway: "b" }),
    event(3, "paused>normal"),
  ];
  expect(conditionEpisodes(events, 10)[0]?.endedAt).toBeNull();
  const ended = [...events, event(4, "paused>normal", { gateway: "b" })];
  expect(conditionEpisodes(ended, 10)).toHaveLength(1);
  expect(conditionEpisodes(ended, 10)[0]?.endedAt).toBe(4);
});

test("what a gateway said that has died ends by itself, and a later one is another episode", () => {
  const events = [event(1, "normal>paused")];
  expect(conditionEpisodes(events, 300)[0]?.endedAt).toBeNull();
  expect(conditionEpisodes(events, 301)[0]?.endedAt).toBe(301);
  const again = [...events, event(400, "normal>paused")];
  expect(conditionEpisodes(again, 401).map(({ endedAt }) => endedAt)).toEqual([301, null]);
});

test("what is said again lasts on, and different subjects are apart", () => {
  const events = [
    event(1, "normal>over-bound", { condition: "over-bound", subject: "x" }),
    event(200, "over-bound>over-bound", { condition: "over-bound", subject: "x" }),
    event(201, "normal>over-bound", { condition: "over-bound", subject: "y" }),
  ];
  const episodes = conditionEpisodes(events, 450);
  expect(episodes.map(({ subject, endedAt }) => ({ subject, endedAt }))).toEqual([
    { subject: "x", endedAt: null },
    { subject: "y", endedAt: null },
  ]);
});

test("an end without a beginning is nothing", () => {
  expect(conditionEpisodes([event(1, "paused>normal")], 2)).toEqual([]);
});
