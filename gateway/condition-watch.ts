import { cacheLifetimeMs } from "../models/policy/cache-lifetime.ts";
import type { Gateway } from "./gateway.ts";

const LOOK_EVERY_MS = 1_000;
const SWEEP_EVERY_MS = 60_000;

/** Looks at what changes with time alone, so that no request is needed to end it: a new day, a calm minute, a mended provider. */
export function startConditionWatch(gateway: Gateway): { close(): void } {
  let looking = false;
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    lookAround(gateway)
      .catch((error: unknown) =>
        gateway.logger.error({ err: error }, "the safeguards could not be looked at"),
      )
      .finally(() => {
        looking = false;
      });
  }, LOOK_EVERY_MS);
  const sweep = setInterval(() => sweepCache(gateway), SWEEP_EVERY_MS);
  timer.unref();
  sweep.unref();
  return {
    close() {
      clearInterval(timer);
      clearInterval(sweep);
    },
  };
}

export async function lookAround(gateway: Gateway): Promise<void> {
  const controls = gateway.controls.current();
  gateway.load.look(controls);
  gateway.overBounds.look();
  gateway.health.look();
  await gateway.safeguards.look({ windows: gateway.windows(gateway.now()), controls });
}

/** Answers that may not be given any more are not kept either. */
function sweepCache({ cache, controls, load }: Gateway): void {
  const now = controls.current();
  cache.sweep((feature) => cacheLifetimeMs(now, feature, load.aggressiveCaching()));
}
