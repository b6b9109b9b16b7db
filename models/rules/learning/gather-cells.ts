import type { RequestEvent } from "../../domain/request-event.ts";
import { type BurdenFactors, burdenOf } from "./objective.ts";
import { type IsPoor, poorAnswers } from "./poor-answers.ts";
import { addOutcomes, noOutcomes, type OutcomeSums, outcomeSums, type RoutingCell } from "./routing-cell.ts";

/** A request that was routed, and what was said of its answer (1 to 5; 0 = nothing). */
export interface RoutedRequest {
  readonly event: RequestEvent;
  readonly rating: number;
  readonly peak: boolean;
}

/** What the warehouse's query makes of requests: those that the routing has chosen a provider for and that came to an end. */
export function gatherCells(requests: readonly RoutedRequest[], factors: BurdenFactors): RoutingCell[] {
  const cells = openCells();
  const isPoor = poorAnswers(requests.map(({ event }) => event));
  for (const { event, rating, peak } of requests) {
    const { tier, feature, propensity } = event;
    const provider = event.attempts[0]?.provider;
    if (provider === undefined || !isLearnedFrom(event)) continue;
    cells.add({ tier, feature, peak, provider, propensity }, sumsOf({ event, rating }, isPoor, factors));
  }
  return cells.all();
}

/** Days of cells as one: those of one choice and chance are added up. */
export function mergeCells(days: Iterable<RoutingCell>): RoutingCell[] {
  const cells = openCells();
  for (const cell of days) cells.add(cell, cell);
  return cells.all();
}

type Choice = Pick<RoutingCell, "tier" | "feature" | "peak" | "provider" | "propensity">;

function openCells() {
  const cells = new Map<string, Choice & ReturnType<typeof noOutcomes>>();
  return {
    add({ tier, feature, peak, provider, propensity }: Choice, sums: OutcomeSums): void {
      const key = `${tier}\n${feature}\n${provider}\n${peak}\n${propensity}`;
      let cell = cells.get(key);
      if (cell === undefined) {
        cell = { tier, feature, peak, provider, propensity, ...noOutcomes() };
        cells.set(key, cell);
      }
      addOutcomes(cell, sums);
    },
    all: (): RoutingCell[] => [...cells.values()],
  };
}

function isLearnedFrom({
  requested_model: asked,
  outcome,
  propensity,
  route_reason: reason,
}: RequestEvent): boolean {
  return (
    asked === "auto" &&
    propensity > 0 &&
    (outcome === "ok" || outcome === "failed") &&
    !reason.includes("high-load")
  );
}

function sumsOf(
  { event, rating }: Pick<RoutedRequest, "event" | "rating">,
  isPoor: IsPoor,
  factors: BurdenFactors,
): OutcomeSums {
  const { cost, latency_ms: latencyMs, outcome } = event;
  const poor = rating === 0 && isPoor(event);
  return outcomeSums({
    cost,
    inputTokens: event.input_tokens + event.cached_input_tokens,
    outputTokens: event.output_tokens + event.reasoning_tokens,
    burden: burdenOf({ latencyMs, cost, failed: outcome === "failed", poor }, factors),
    rating,
  });
}
