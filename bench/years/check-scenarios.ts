import { forecastFamily } from "../../models/forecast/family.ts";
import { growthRate, SCENARIOS, type Scenario } from "../../models/forecast/scenario.ts";
import { meanOf, sumOf } from "../../models/forecast/sequence.ts";

export interface ScenarioCheck {
  readonly origins: number;
  /** Error of the sum of 30 days / the mean of those sums, by scenario; and of the expected forecast beside them. */
  readonly errors: Readonly<Record<Scenario | "expected", number>>;
  /** Shares of the sums between pessimistic and optimistic as they are, and with the 80 % interval of the sum around them. */
  readonly between: number;
  readonly betweenWithNoise: number;
  /** Shares of the origins at which the expected sum is below the pessimistic and above the optimistic one. */
  readonly expectedBelow: number;
  readonly expectedAbove: number;
  /** Mean growth a day: as fitted to what was known, and as came (difference of logarithms from the month before to the month after). */
  readonly growthFitted: number;
  readonly growthCame: number;
  /** Mean distance of the two. */
  readonly growthError: number;
  /** Of the active users, as came: what of the growth is more people. */
  readonly growthOfUsers: number;
}

const HORIZON = 30;
const FIRST_ORIGIN = 90;
const STEP = 7;

/** Each week of the year, what the scenarios would have said of the next 30 days, and what came. */
export function checkScenarios(values: readonly number[], activeUsers: readonly number[]): ScenarioCheck {
  const checks: ReturnType<typeof checkAt>[] = [];
  for (let origin = FIRST_ORIGIN; origin + HORIZON <= values.length; origin += STEP) {
    checks.push(checkAt(values, activeUsers, origin));
  }
  type Check = ReturnType<typeof checkAt>;
  const mean = (of: (check: Check) => number): number => meanOf(checks.map(of));
  const total = mean(({ actual }) => actual);
  const error = (of: (check: Check) => number): number =>
    mean((check) => Math.abs(of(check) - check.actual)) / total;
  const share = (of: (check: Check) => boolean): number => mean((check) => (of(check) ? 1 : 0));
  const [conservative, optimistic, pessimistic] = SCENARIOS;
  return {
    origins: checks.length,
    errors: {
      [conservative]: error(({ sums }) => sums.conservative),
      [optimistic]: error(({ sums }) => sums.optimistic),
      [pessimistic]: error(({ sums }) => sums.pessimistic),
      expected: error(({ expected }) => expected),
    },
    between: share(({ actual, sums }) => actual >= sums.pessimistic && actual <= sums.optimistic),
    betweenWithNoise: share(
      ({ actual, sums, half }) => actual >= sums.pessimistic - half && actual <= sums.optimistic + half,
    ),
    expectedBelow: share(({ expected, sums }) => expected < sums.pessimistic),
    expectedAbove: share(({ expected, sums }) => expected > sums.optimistic),
    growthFitted: mean(({ fitted }) => fitted),
    growthCame: mean(({ came }) => came),
    growthError: mean(({ fitted, came }) => Math.abs(fitted - came)),
    growthOfUsers: mean(({ cameOfUsers }) => cameOfUsers),
  };
}

function checkAt(values: readonly number[], activeUsers: readonly number[], origin: number) {
  const known = values.slice(0, origin);
  const made = forecastFamily({ name: "spend", total: known, groups: [] }, HORIZON, { period: 7 });
  const sum = made?.sums.find(({ steps }) => steps === HORIZON);
  if (made === null || sum === undefined) throw new Error("a year has history enough");
  const sumIn = (scenario: Scenario): number => sumOf(made.scenarios[scenario].map(({ point }) => point));
  return {
    actual: sumOf(values.slice(origin, origin + HORIZON)),
    expected: sum.point,
    half: sum.hi80 - sum.point,
    sums: {
      conservative: sumIn("conservative"),
      optimistic: sumIn("optimistic"),
      pessimistic: sumIn("pessimistic"),
    },
    fitted: growthRate(known, 7),
    came: growthAround(values, origin),
    cameOfUsers: growthAround(activeUsers, origin),
  };
}

/** From the month before to the month after, a day. */
function growthAround(values: readonly number[], origin: number): number {
  const after = sumOf(values.slice(origin, origin + HORIZON));
  return Math.log(after / sumOf(values.slice(origin - HORIZON, origin))) / HORIZON;
}
