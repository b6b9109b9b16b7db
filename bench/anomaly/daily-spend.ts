import { openDetector } from "../../models/anomaly/detector.ts";

export type SimulatedKind = "quiet" | "spikes" | "shifts";

export interface SimulatedResult {
  readonly kind: SimulatedKind;
  readonly years: number;
  /** null where there is nothing to find. */
  readonly recall: number | null;
  readonly falseAlarmsPerYear: number;
  readonly f1: number | null;
}

const DAY_MS = 86_400_000;
const DAYS = 365;
/** The detector learns until then. */
const FIRST_EVENT_DAY = 42;
const NOISE = 0.08;
const GROWTH_PER_DAY = 0.002;
/** An alert that late still belongs to the event; later ones up to the aftermath are neither hit nor false alarm. */
const DAYS_TO_FIND = { quiet: 0, spikes: 0, shifts: 10 };
const AFTERMATH_DAYS = 14;

/** Years of daily spend with weekdays, growth and noise; spikes are 1.6 to 3 times the usual, shifts 30 to 100 % up or down. */
export function detectSimulated(kind: SimulatedKind, seeds: number): SimulatedResult {
  let found = 0;
  let events = 0;
  let falseAlarms = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    const { values, eventDays } = simulateYear(kind, seed * 104_729);
    const detector = openDetector({ intervalMs: DAY_MS });
    const alerts = values.flatMap((value, day) =>
      detector.next({ timeMs: day * DAY_MS, value }).alert ? [day] : [],
    );
    const isAfter = (days: number) => (event: number) => (alert: number) =>
      alert >= event && alert <= event + days;
    const hits = eventDays.filter((event) => alerts.some(isAfter(DAYS_TO_FIND[kind])(event)));
    events += eventDays.length;
    found += hits.length;
    falseAlarms += alerts.filter(
      (alert) => !eventDays.some((event) => isAfter(AFTERMATH_DAYS)(event)(alert)),
    ).length;
  }
  const hasEvents = events > 0;
  return {
    kind,
    years: seeds,
    recall: hasEvents ? found / events : null,
    falseAlarmsPerYear: falseAlarms / seeds,
    f1: hasEvents ? (2 * found) / (found + events + falseAlarms) : null,
  };
}

function simulateYear(kind: SimulatedKind, seed: number): { values: number[]; eventDays: number[] } {
  const random = openRandom(seed);
  const gaussian = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const weekdays = Array.from({ length: 7 }, () => 0.25 * gaussian());
  const eventDays: number[] = [];
  const gap = kind === "spikes" ? 20 : 60;
  for (
    let day = FIRST_EVENT_DAY + Math.floor(random() * 30);
    day < DAYS - 20;
    day += gap + Math.floor(random() * gap)
  ) {
    if (kind !== "quiet") eventDays.push(day);
  }
  let level = Math.log(100);
  const values = Array.from({ length: DAYS }, (_, day) => {
    const isEvent = eventDays.includes(day);
    if (kind === "shifts" && isEvent) level += (random() < 0.5 ? -1 : 1) * Math.log(1.3 + 0.7 * random());
    const factor = kind === "spikes" && isEvent ? 1.6 + 1.4 * random() : 1;
    const usual = level + (weekdays[day % 7] ?? 0) + GROWTH_PER_DAY * day + NOISE * gaussian();
    return Math.exp(usual) * factor;
  });
  return { values, eventDays };
}

/** Mulberry32: the same numbers for the same seed. */
function openRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
