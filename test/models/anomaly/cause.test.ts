import { describe, expect, it } from "vitest";
import { findCauses } from "../../../models/anomaly/cause.ts";

const part = (dimension: string, name: string, expected: number, actual: number) => ({
  dimension,
  part: name,
  expected,
  actual,
});

describe("findCauses", () => {
  it("names the part that explains the difference before those that moved with it", () => {
    const causes = findCauses([
      part("provider", "a", 50, 50),
      part("provider", "b", 50, 150),
      part("tier", "free", 80, 160),
      part("tier", "premium", 20, 40),
    ]);
    expect(causes[0]).toMatchObject({ dimension: "provider", part: "b", explained: 1 });
  });

  it("a part that disappeared explains a drop", () => {
    const [cause] = findCauses([part("provider", "a", 60, 0), part("provider", "b", 40, 41)]);
    expect(cause).toMatchObject({ part: "a", difference: -60 });
  });

  it("where everything moved alike, no part is surprising", () => {
    const causes = findCauses([part("tier", "free", 80, 160), part("tier", "premium", 20, 40)]);
    for (const { surprise } of causes) expect(surprise).toBeCloseTo(0, 9);
  });

  it("nothing explains what is as expected", () => {
    expect(findCauses([part("tier", "free", 10, 12), part("tier", "premium", 10, 8)])).toEqual([]);
  });
});
