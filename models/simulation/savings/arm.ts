import type { Catalog } from "../../domain/catalog.ts";
import { decisionId, directiveId } from "../../domain/ids.ts";
import type { CalendarWindow } from "../../domain/window.ts";
import { foldByUser } from "../../policy/controls-by-user.ts";
import type { IssueIds } from "../../rules/issue-directive.ts";
import { openReplayClock, type ReplayClock } from "../counterfactual-clock.ts";
import { type Random, streamOf } from "../random.ts";
import { drawEventId } from "../uuid.ts";
import type { ArmTotals } from "./arm-totals.ts";
import type { Ask } from "./ask.ts";
import { type Autopilot, openAutopilot } from "./autopilot.ts";
import { openProviders } from "./call.ts";
import { forecastMetrics } from "./daily-forecast.ts";
import type { DemandDay } from "./demand.ts";
import { openLedger } from "./ledger.ts";
import { type Observer, openObserver } from "./live-metrics.ts";
import { CATALOG_USERS, type Phase } from "./phases.ts";
import { openServer } from "./serve.ts";
import { openBaseline } from "./serve-baseline.ts";
import type { ServedRequest } from "./served-request.ts";

/** The same demand, served as one phase of the product would. */
export interface Arm {
  readonly phase: Phase;
  live(day: DemandDay): void;
  totals(): ArmTotals;
  readonly acts: Autopilot["acts"];
}

export interface ArmOptions {
  readonly phase: Phase;
  readonly catalog: Catalog;
  readonly seed: number;
  readonly users: number;
  readonly firstDay: CalendarWindow;
  /** What is before is not counted. */
  readonly countFromMs: number;
}

/** How often the automation looks; in the product every two seconds. */
const LOOK_EVERY_MS = 5 * 60_000;
/** As a pipeline replays before a decision, for the catalog's number of users. */
const MAX_REPLAYED = 30_000;
const ID_STREAM = 41;

export function openArm(options: ArmOptions): Arm {
  const { phase, catalog, countFromMs, firstDay } = options;
  const clock = openReplayClock(catalog.timezone);
  const ledger = openLedger(catalog, clock, countFromMs);
  const own = phase.catalogOf(catalog, firstDay.startMs);
  const way = own === null ? baselineWay(catalog, firstDay.startMs) : policyWay(own, clock, options);
  return {
    phase,
    acts: way.acts,
    totals: ledger.totals,
    live(day) {
      for (const request of way.serveDay(day)) ledger.add(request, way.tiersOf(request));
    },
  };
}

interface Way {
  serveDay(day: DemandDay): Iterable<ServedRequest>;
  /** With the limits in force when it was served; to be asked before the next one is. */
  tiersOf(request: ServedRequest): Catalog["tiers"];
  readonly acts: Autopilot["acts"];
}

function baselineWay(catalog: Catalog, nowMs: number): Way {
  const serve = openBaseline(catalog, openProviders(catalog), nowMs);
  return { acts: new Map(), tiersOf: () => catalog.tiers, serveDay: ({ asks }) => asks.map(serve) };
}

function policyWay(catalog: Catalog, clock: ReplayClock, options: ArmOptions): Way {
  const server = openServer(openProviders(catalog), clock);
  if (catalog.automation.rules.length === 0) {
    const fixed = foldByUser(catalog, []);
    return {
      acts: new Map(),
      tiersOf: () => catalog.tiers,
      serveDay: ({ asks }) => asks.map((ask) => server.serve(ask, fixed)),
    };
  }
  const observer = openObserver(catalog, options.firstDay);
  const autopilot = openAutopilot({
    catalog,
    observer,
    ids: idsOf(streamOf(options.seed, ID_STREAM)),
    maxReplayed: Math.ceil((MAX_REPLAYED * options.users) / CATALOG_USERS),
  });
  const serve = (ask: Ask): ServedRequest => {
    const request = server.serve(ask, autopilot.controlsAt(ask.ts));
    observer.add(request);
    return request;
  };
  return {
    acts: autopilot.acts,
    tiersOf: ({ ts, user_id: user }) => autopilot.controlsAt(ts).of(user).tiers,
    serveDay: (day) => steeredDay(day, { observer, autopilot, serve }),
  };
}

interface Steered {
  readonly observer: Observer;
  readonly autopilot: Autopilot;
  serve(ask: Ask): ServedRequest;
}

function* steeredDay(day: DemandDay, { observer, autopilot, serve }: Steered): Generator<ServedRequest> {
  const { startMs, endMs } = day.window;
  observer.beginDay(day, forecastMetrics(observer.history.days()));
  let lookMs = startMs + LOOK_EVERY_MS;
  for (const ask of day.asks) {
    for (; lookMs <= ask.ts; lookMs += LOOK_EVERY_MS) autopilot.look(lookMs);
    yield serve(ask);
  }
  for (; lookMs < endMs; lookMs += LOOK_EVERY_MS) autopilot.look(lookMs);
  observer.endDay();
}

function idsOf(random: Random): (nowMs: number) => IssueIds {
  return (nowMs) => ({
    decision: () => decisionId.parse(drawEventId(random, nowMs)),
    directive: () => directiveId.parse(drawEventId(random, nowMs)),
  });
}
