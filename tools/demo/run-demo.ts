import { setImmediate as breathe, setTimeout as delay } from "node:timers/promises";
import type { Logger } from "pino";
import type { Catalog } from "../../models/domain/catalog.ts";
import { buildAllRollups, buildOptions } from "../../warehouse/rollups/build-all.ts";
import type { Warehouse } from "../../warehouse/warehouse.ts";
import { openWarehouseLoader, REFRESH_HISTORY, SIMULATED_PARTITION } from "../simulate/load-warehouse.ts";
import type { LoadCounts } from "../simulate/loader.ts";
import { daysWithoutForecast, forecastAsOf } from "./past-forecasts.ts";
import { type DemoState, writeDemoState } from "./state.ts";
import { openDemoWorld, type World } from "./world.ts";

export interface DemoOptions {
  readonly dataDir: string;
  readonly state: DemoState;
  readonly catalog: Catalog;
  readonly warehouse: Warehouse;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  now(): number;
}

const TICK_MS = 1_000;
const RETRY_MS = 5_000;
const DAY_MS = 86_400_000;
/** History is written down so often: what a stop in the middle costs is done again, and collapses. */
const DAYS_AT_ONCE = 15;

/** Fills the past up to now, then keeps it going, until it is stopped. What fails is tried again. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { logger, signal } = options;
  let state = options.state;
  while (!signal.aborted) {
    try {
      const world = openDemoWorld(state, options.catalog);
      state = await fill(world, state, options);
      const { catalog, warehouse, now } = options;
      const past = { warehouse, catalog, startDay: state.startDay };
      const toForecast = await daysWithoutForecast({ ...past, nowMs: now() });
      for (;;) {
        await delay(TICK_MS, undefined, { signal });
        state = await step(world, state, { ...options, maxDays: 1 });
        const day = toForecast.shift();
        if (day !== undefined) await forecastAsOf(day, past);
      }
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ err: error }, "the demo traffic could not be written; it goes on soon");
      await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

async function fill(world: World, start: DemoState, options: DemoOptions): Promise<DemoState> {
  const { logger, now, warehouse, catalog, signal } = options;
  const behindMs = now() - start.doneUntilMs;
  const isHistory = behindMs > DAY_MS;
  if (isHistory) logger.info(`SIMULATED history: ${Math.round(behindMs / DAY_MS)} days are made up`);
  let state = start;
  while (!signal.aborted) {
    const next = await step(world, state, { ...options, maxDays: DAYS_AT_ONCE });
    if (next === state) break;
    state = next;
    const left = Math.round((now() - state.doneUntilMs) / DAY_MS);
    if (isHistory && left > 0) logger.info(`SIMULATED history: ${left} days to go`);
  }
  if (isHistory && !signal.aborted) {
    await buildAllRollups(buildOptions(warehouse, catalog.timezone, now()));
    await warehouse.command(REFRESH_HISTORY);
    logger.info(
      `SIMULATED history is complete: ${state.counts.requests} requests; simulated traffic goes on`,
    );
  }
  return state;
}

/** The same state when there was nothing to do. */
async function step(
  world: World,
  state: DemoState,
  { warehouse, dataDir, now, maxDays }: DemoOptions & { readonly maxDays: number },
): Promise<DemoState> {
  const partition = `${SIMULATED_PARTITION}${state.seed}`;
  const loader = openWarehouseLoader({ warehouse, partition, start: state.counts });
  let doneUntilMs = state.doneUntilMs;
  let taken = 0;
  for (let days = 0; days < maxDays; days += 1) {
    const events = world.next(now());
    if (events === null) break;
    await loader.take(events);
    taken += events.requests.length + events.users.length + events.feedback.length;
    doneUntilMs = events.untilMs;
    await breathe();
  }
  if (taken === 0) return doneUntilMs === state.doneUntilMs ? state : { ...state, doneUntilMs };
  const counts: LoadCounts = await loader.finish();
  const next = { ...state, doneUntilMs, counts };
  await writeDemoState(dataDir, next);
  return next;
}
