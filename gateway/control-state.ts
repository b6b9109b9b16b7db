import type { EventLog } from "../ingest/event-log.ts";
import type { Catalog } from "../models/domain/catalog.ts";
import { directiveHistory } from "../models/domain/directive.ts";
import type { Controls } from "../models/policy/controls.ts";
import { foldByUser } from "../models/policy/controls-by-user.ts";

/** The controls in force: the catalog and the active directives, folded again whenever one of them changes or ends. */
export interface ControlState {
  /** What holds for everybody. */
  current(): Controls;
  /** What holds for a user, whom a directive may be tried on before the others. */
  currentFor(userId: string): Controls;
  close(): Promise<void>;
}

export interface ControlStateOptions {
  readonly log: EventLog;
  readonly catalog: { current(): Catalog; onChange(listener: () => void): void };
  readonly now: () => number;
  readonly onChange?: (controls: Controls) => void;
}

/** What ended longer ago cannot come back: a directive is not issued with an end in the past. */
const FORGET_AFTER_MS = 24 * 3600 * 1000;
/** Node's longest timer; a directive that ends later is looked at again then. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export async function openControlState(options: ControlStateOptions): Promise<ControlState> {
  const { log, catalog, now } = options;
  const history = directiveHistory();
  let controls = foldByUser(catalog.current(), []);
  let timer: NodeJS.Timeout | undefined;
  let following = false;

  const refold = (): void => {
    clearTimeout(timer);
    const nowMs = now();
    history.forgetEndedBefore(nowMs - FORGET_AFTER_MS);
    controls = foldByUser(catalog.current(), history.active(nowMs));
    if (controls.nextExpiryMs !== null) {
      timer = setTimeout(refold, Math.min(Math.max(controls.nextExpiryMs - nowMs, 1), MAX_TIMER_MS));
      timer.unref();
    }
    options.onChange?.(controls.all);
  };

  const follower = await log.follow("directives", (event) => {
    // What gateways do by themselves instructs nobody.
    if (event.type === "condition") return;
    history.apply(event);
    // While the past is read, folding after each entry would be quadratic.
    if (following) refold();
  });
  following = true;
  refold();
  catalog.onChange(refold);

  const fresh = () => {
    // A timer may be late; a directive never outlives its end.
    if (controls.nextExpiryMs !== null && controls.nextExpiryMs <= now()) refold();
    return controls;
  };

  return {
    current: () => fresh().all,
    currentFor: (userId) => fresh().of(userId),
    async close() {
      clearTimeout(timer);
      await follower.close();
    },
  };
}
