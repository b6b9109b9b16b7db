import { expect, it } from "vitest";
import { checkBreakEven } from "../../../bench/years/check-break-even.ts";
import { testCatalog } from "../../pipeline/test-catalog.ts";

it("the 80 % interval of the break-even day holds what comes in simulated years about as often as it says", () => {
  const checks = [1, 2, 3, 4].flatMap((seed) => checkBreakEven({ seed, users: 120, catalog: testCatalog() }));
  const inside = checks.filter((check) => check.inside).length;
  expect(checks.some(({ truth }) => truth !== null && truth > 60)).toBe(true);
  expect(inside / checks.length, JSON.stringify(checks)).toBeGreaterThanOrEqual(0.8);
  // It is no interval that holds everything.
  expect(checks.filter(({ earliest }) => earliest === null || earliest > 7).length).toBeGreaterThan(
    checks.length / 3,
  );
}, 120_000);
