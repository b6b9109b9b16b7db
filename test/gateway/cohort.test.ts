import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { openCohort } from "../../gateway/cohort.ts";

it("lets all that joined in one turn go on together, step by step, and the next ones in the next turn", async () => {
  const cohort = openCohort();
  const steps: string[] = [];
  const walk = async (name: string): Promise<void> => {
    await cohort.join();
    steps.push(`${name}1`);
    await null;
    steps.push(`${name}2`);
  };
  const both = Promise.all([walk("a"), walk("b")]);
  await null;
  expect(steps).toEqual([]);
  await both;
  expect(steps).toEqual(["a1", "b1", "a2", "b2"]);
  const late = walk("c");
  await nextTurn();
  await late;
  expect(steps.slice(4)).toEqual(["c1", "c2"]);
});
