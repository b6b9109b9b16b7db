import { describe, expect, it } from "vitest";
import { drawLogNormal } from "../../../models/simulation/random.ts";
import { openTraffic } from "./traffic.ts";

/** Answers differ in length. */
const around = (medianMs: number, random: () => number) => drawLogNormal(random, medianMs, 0.6);

const shareOf = (calls: readonly { provider: string }[], name: string) =>
  calls.filter(({ provider }) => provider === name).length / calls.length;

describe.each([
  { perSecond: 1, medianMs: 800 },
  { perSecond: 2, medianMs: 4_000 },
  { perSecond: 20, medianMs: 300 },
])("a provider that answers in $medianMs ms, $perSecond times a second", ({ perSecond, medianMs }) => {
  it("loses its traffic within 30 s of slowing down tenfold, and has it back within 60 s of recovering", () => {
    const traffic = openTraffic();
    const behaviour = (goodMs: number) => (deployment: string) => ({
      ms: around(deployment === "good" ? goodMs : 1_000, traffic.random),
    });
    expect(shareOf(traffic.run(300, perSecond, behaviour(medianMs)), "good")).toBe(1);

    traffic.run(30, perSecond, behaviour(medianMs * 10));
    expect(traffic.health.states().get("good")).toMatchObject({ slow: true, breaker: "closed" });
    const slow = traffic.run(120, perSecond, behaviour(medianMs * 10));
    // What is left are calls that try whether it still is slow.
    expect(slow.filter(({ provider }) => provider === "good").length).toBeLessThanOrEqual(16);

    traffic.run(60, perSecond, behaviour(medianMs));
    expect(shareOf(traffic.run(60, perSecond, behaviour(medianMs)), "good")).toBe(1);
  });
});

it("a provider that always was as slow as that keeps its traffic", () => {
  const traffic = openTraffic();
  const calls = traffic.run(1_200, 2, () => ({ ms: around(6_000, traffic.random) }));
  expect(shareOf(calls, "good")).toBe(1);
});

it("a provider that stays slow is normal after a while, so that nothing is held against it for ever", () => {
  const traffic = openTraffic();
  const steady = (ms: number) => () => ({ ms });
  traffic.run(120, 2, steady(500));
  traffic.run(60, 2, steady(5_000));
  expect(traffic.health.states().get("good")).toMatchObject({ slow: true });
  traffic.run(1_800, 2, steady(5_000));
  expect(traffic.health.states().get("good")).toMatchObject({ slow: false });
});

it("where all are slow, the order stays as it was", () => {
  const traffic = openTraffic();
  const steady = (ms: number) => () => ({ ms });
  traffic.run(120, 4, steady(500));
  traffic.run(60, 4, (deployment) => ({ ms: deployment === "good" ? 5_000 : 500 }));
  traffic.run(60, 4, steady(5_000));
  const calls = traffic.run(60, 4, steady(5_000));
  expect(shareOf(calls, "good")).toBeGreaterThan(0.5);
});
