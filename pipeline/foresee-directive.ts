import type { Catalog } from "../models/domain/catalog.ts";
import type { Directive, DirectiveInstruction } from "../models/domain/directive.ts";
import { directiveId } from "../models/domain/ids.ts";
import { foldControls } from "../models/policy/controls.ts";
import { type ControlsEffect, compareControls } from "../models/simulation/counterfactual.ts";
import type { Directory } from "./directory.ts";
import { readPastRequests } from "./past-requests.ts";
import { type SteeringDeps, steeringWarehouse } from "./steering.ts";

export interface ForesightDeps extends SteeringDeps {
  readonly directory: Directory;
  catalog(): Catalog;
  newId(): string;
}

/** What the last day would have been like under one more directive; null = there were no requests. */
export type Foresight = (instruction: DirectiveInstruction) => ControlsEffect | null;

export const FORESIGHT_HOURS = 24;
const HOUR_MS = 3_600_000;
/** The latest ones of the last day: about half a second of replay, in which this process does nothing else. */
const MAX_REPLAYED = 30_000;

/** Reads the last day once; each directive is then tried on it, beside those that are in force. */
export async function openForesight(deps: ForesightDeps, nowMs: number): Promise<Foresight> {
  const { catalog, directory, newId } = deps;
  const past = await readPastRequests(steeringWarehouse(deps), {
    fromMs: nowMs - FORESIGHT_HOURS * HOUR_MS,
    untilMs: nowMs + 1,
    limit: MAX_REPLAYED,
  });
  const active = directory.directives.active(nowMs);
  const recorded = foldControls(catalog(), active);
  return (instruction) => {
    if (past.length === 0) return null;
    const proposed = foldControls(catalog(), [...active, provisional(newId(), instruction, nowMs)]);
    return compareControls(past, { recorded, proposed });
  };
}

/** As it would be if it were issued. */
function provisional(id: string, instruction: DirectiveInstruction, nowMs: number): Directive {
  return {
    id: directiveId.parse(id),
    issuedBy: { type: "rule", name: "simulation" },
    reason: "simulation",
    evidence: null,
    issuedAt: nowMs,
    expiresAt: nowMs + FORESIGHT_HOURS * HOUR_MS,
    ...instruction,
  };
}
