import type { Catalog } from "../domain/catalog.ts";
import type { Directive } from "../domain/directive.ts";
import { directiveId } from "../domain/ids.ts";
import { foldControls } from "../policy/controls.ts";
import { EXPLORED_BELOW } from "../policy/draw-by-weights.ts";
import { gatherCells, mergeCells, type RoutedRequest } from "../rules/learning/gather-cells.ts";
import { contextKey } from "../rules/learning/known-contexts.ts";
import { burdenFactors } from "../rules/learning/objective.ts";
import { planRouting, type RoutingProposal } from "../rules/learning/plan-routing.ts";
import type { RoutingCell } from "../rules/learning/routing-cell.ts";
import { streamOf } from "./random.ts";
import { drawRoutedDay, type RoutedDay, type RoutedDemand } from "./routed-day.ts";

export interface LearnedDaysOptions extends Pick<RoutedDay, "demand" | "ratedShare"> {
  /** From 0: what providers are like on that day. */
  readonly truth: (day: number) => RoutedDay["truth"];
  readonly catalog: Catalog;
  readonly days: number;
  readonly seed: number;
  readonly startMs: number;
}

export interface LearnedDay {
  /** What the day began with; empty on the first. */
  readonly proposals: readonly RoutingProposal[];
  readonly requests: readonly RoutedRequest[];
  /** Nano-dollars that requests have cost which went elsewhere in order to learn. */
  readonly explored: number;
}

const DAY_MS = 86_400_000;
/** Days of requests, with the learned routing at work in mode `act`: one plan at each midnight, from what came before it. */
export function* learnedDays(options: LearnedDaysOptions): Generator<LearnedDay> {
  const { catalog, days, seed, startMs, demand, ratedShare, truth } = options;
  const { learning } = catalog.automation;
  const factors = burdenFactors(learning.objective);
  const past: RoutingCell[][] = [];
  const leading = new Map<string, string>();
  for (let day = 0; day < days; day += 1) {
    const nowMs = startMs + day * DAY_MS;
    const window = past.slice(-learning.windowDays);
    const proposals = planRouting({
      controls: foldControls(catalog, []),
      settings: learning,
      cells: mergeCells(window.flat()),
      days: Math.max(1, window.length),
      drained: new Set(),
      nowMs,
      exploredToday: 0,
      restOfDay: 1,
      leading,
      random: streamOf(seed, day, 1),
    });
    leading.clear();
    for (const one of proposals) if (one.stage === "lead") leading.set(contextKey(one), one.leader);
    const controls = foldControls(
      catalog,
      proposals.map((one, at) => directiveOf(one, { at, nowMs })),
    );
    const random = streamOf(seed, day, 2);
    const requests = [
      ...drawRoutedDay({ controls, demand, startMs: nowMs, ratedShare, truth: truth(day), random }),
    ];
    past.push(gatherCells(requests, factors));
    yield { proposals, requests, explored: exploredCost(requests) };
  }
}

function directiveOf(
  { instruction }: Pick<RoutingProposal, "instruction">,
  { at, nowMs }: { readonly at: number; readonly nowMs: number },
): Directive {
  return {
    id: directiveId.parse(`00000000-0000-7000-8000-${String(at).padStart(12, "0")}`),
    issuedBy: { type: "rule", name: "learned-routing" },
    reason: "simulation",
    evidence: null,
    issuedAt: nowMs,
    expiresAt: nowMs + DAY_MS,
    ...instruction,
  };
}

function exploredCost(requests: readonly RoutedRequest[]): number {
  return requests
    .filter(({ event }) => event.propensity > 0 && event.propensity < EXPLORED_BELOW)
    .reduce((sum, { event }) => sum + event.cost, 0);
}

/** What requests of a context are worth in truth at each provider of its tier, in stars: the mean of many that nobody chose. */
export function trueValues(
  { catalog, seed, startMs, truth }: LearnedDaysOptions,
  demand: RoutedDemand,
  draws = 4_000,
): ReadonlyMap<string, number> {
  const { objective } = catalog.automation.learning;
  const { perMs, perNano, perFailure } = burdenFactors(objective);
  const providers = catalog.tiers.get(demand.tier)?.allowedProviders ?? [];
  return new Map(
    providers.map((provider, at) => {
      const instruction = { kind: "weights", params: { weights: { [provider]: 1 } } } as const;
      const directive = directiveOf({ instruction }, { at, nowMs: startMs });
      const controls = foldControls(catalog, [directive]);
      const random = streamOf(seed, at, 3);
      const day = {
        controls,
        demand: [{ ...demand, requests: draws }],
        startMs,
        ratedShare: 1,
        truth: truth(0),
        random,
      };
      let [burden, stars, rated] = [0, 0, 0];
      for (const { event, rating } of drawRoutedDay(day)) {
        burden +=
          perMs * event.latency_ms + perNano * event.cost + (event.outcome === "failed" ? perFailure : 0);
        if (rating === 0) continue;
        rated += 1;
        stars += rating;
      }
      return [provider, (objective.satisfaction * stars) / Math.max(1, rated) - burden / draws] as const;
    }),
  );
}
