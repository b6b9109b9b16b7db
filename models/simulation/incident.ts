import { drawLogNormal, type Random, streamOf } from "./random.ts";

export const INCIDENT_KINDS = [
  /** A provider answers nothing. */
  "outage",
  /** A provider answers `factor` times slower. */
  "slow-provider",
  /** Apps send prompts `factor` times as long. */
  "cost-spike",
  /** A campaign: `factor` times the sign-ups, and more use. */
  "campaign",
  /** A provider's answers are rated `factor` lower. */
  "quality-drop",
  /** Users leave `factor` times as fast. */
  "churn-wave",
] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

/** Something out of the ordinary, with its label: what a detector should find. */
export interface Incident {
  readonly kind: IncidentKind;
  /** The provider; empty: everything. */
  readonly subject: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly factor: number;
}

export interface IncidentPlan {
  readonly seed: number;
  readonly startMs: number;
  readonly providers: readonly string[];
  /** As if this one had not happened. */
  readonly without?: Incident;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BLOCK_DAYS = 30;
/** Nothing happens in the first two weeks: a normal to compare with. */
const QUIET_DAYS = 14;
const CHANCE = 0.6;

interface Shape {
  readonly medianHours: number;
  readonly factor: number;
  readonly ofProvider: boolean;
}

const SHAPES: Readonly<Record<IncidentKind, Shape>> = {
  outage: { medianHours: 3, factor: 1, ofProvider: true },
  "slow-provider": { medianHours: 6, factor: 5, ofProvider: true },
  "cost-spike": { medianHours: 4, factor: 15, ofProvider: false },
  campaign: { medianHours: 48, factor: 4, ofProvider: false },
  "quality-drop": { medianHours: 100, factor: 1.5, ofProvider: true },
  "churn-wave": { medianHours: 24, factor: 8, ofProvider: false },
};

/** Of each kind about one in fifty days, at times that follow from the seed alone. */
export function incidentsBetween(plan: IncidentPlan, fromMs: number, toMs: number): Incident[] {
  const blockOf = (ms: number): number => Math.floor((ms - plan.startMs) / (BLOCK_DAYS * DAY_MS));
  const found: Incident[] = [];
  // The longest incident reaches into the block after its own.
  for (let block = Math.max(0, blockOf(fromMs) - 1); block <= blockOf(toMs - 1); block += 1) {
    found.push(...incidentsOfBlock(plan, block));
  }
  return found.filter(
    (incident) => incident.fromMs < toMs && incident.toMs > fromMs && !isSame(incident, plan.without),
  );
}

/** There is at most one of a kind at a time. */
function isSame({ kind, fromMs }: Incident, other: Incident | undefined): boolean {
  return kind === other?.kind && fromMs === other.fromMs;
}

function incidentsOfBlock(plan: IncidentPlan, block: number): Incident[] {
  return INCIDENT_KINDS.flatMap((kind, index) => {
    const random = streamOf(plan.seed, 1, block, index);
    if (random() > CHANCE) return [];
    const incident = drawIncident(plan, { kind, block, random });
    return incident.fromMs < plan.startMs + QUIET_DAYS * DAY_MS ? [] : [incident];
  });
}

function drawIncident(
  { startMs, providers }: IncidentPlan,
  { kind, block, random }: { kind: IncidentKind; block: number; random: Random },
): Incident {
  const { medianHours, factor, ofProvider } = SHAPES[kind];
  const day = block * BLOCK_DAYS + Math.floor(random() * BLOCK_DAYS);
  const hour = 8 + Math.floor(random() * 12);
  const fromMs = startMs + day * DAY_MS + hour * HOUR_MS;
  const hours = Math.max(1, Math.round(drawLogNormal(random, medianHours, 0.3)));
  const provider = providers[Math.floor(random() * providers.length)] ?? "";
  return { kind, subject: ofProvider ? provider : "", fromMs, toMs: fromMs + hours * HOUR_MS, factor };
}
