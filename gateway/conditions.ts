import type { Logger } from "pino";
import type { EventLog } from "../ingest/event-log.ts";
import { type ConditionEvent, type ConditionKind, NORMAL } from "../models/domain/gateway-condition.ts";
import type { DirectiveId } from "../models/domain/ids.ts";

/** What this gateway does by itself, and has said so: each change becomes an event in the log, beside the directives. */
export interface Conditions {
  /** What holds now. Says it when it is new, and from time to time while it is not normal; `describe` is asked only then. */
  set(condition: Condition, describe: () => ConditionDetails): void;
  /** Everything that was said is in the log, or could not be written. */
  close(): Promise<void>;
}

export interface Condition {
  readonly condition: ConditionKind;
  readonly subject: string;
  readonly state: string;
}

export interface ConditionDetails {
  readonly reason: string;
  readonly numbers: Readonly<Record<string, number>>;
}

export interface ConditionsOptions {
  readonly log: EventLog;
  /** Of this process, and of the one after it. */
  readonly gateway: string;
  readonly now: () => number;
  readonly newId: () => DirectiveId;
  readonly logger: Logger;
}

/** While a condition holds, it is said again that often, */
export const SAID_AGAIN_AFTER_MS = 120_000;
/** and what was said holds that long, so that a gateway that has died does not hold it for ever. */
export const HOLDS_MS = 300_000;
const MAX_UNWRITTEN = 1_000;
const DIRECTIVES_KEY = "directives";

export function openConditions(options: ConditionsOptions): Conditions {
  const { now, logger } = options;
  const said = new Map<string, { state: string; atMs: number }>();
  const writer = conditionWriter(options);
  return {
    set({ condition, subject, state }, describe) {
      const key = `${condition} ${subject}`;
      const last = said.get(key);
      const from = last?.state ?? NORMAL;
      if (state === from && (state === NORMAL || now() - (last?.atMs ?? 0) < SAID_AGAIN_AFTER_MS)) return;
      const { reason, numbers } = describe();
      const ts = now();
      said.set(key, { state, atMs: ts });
      if (state !== from) logger.warn({ condition, subject, from, to: state, ...numbers }, reason);
      writer.write({
        type: "condition",
        id: options.newId(),
        ts,
        gateway: options.gateway,
        condition,
        subject,
        from,
        to: state,
        reason,
        numbers: { ...numbers },
        expiresAt: ts + HOLDS_MS,
      });
    },
    close: writer.close,
  };
}

/** In order, one after the other. What the log does not take waits for the next event, up to a limit. */
function conditionWriter({ log, logger }: ConditionsOptions) {
  let unwritten: ConditionEvent[] = [];
  let writing: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    const events = unwritten;
    unwritten = [];
    if (events.length === 0) return;
    try {
      await log.append(
        "directives",
        events.map((event) => ({ key: DIRECTIVES_KEY, value: Buffer.from(JSON.stringify(event)) })),
      );
    } catch (error) {
      logger.error({ err: error }, "a change of the gateway's conditions could not be written");
      unwritten = [...events, ...unwritten].slice(-MAX_UNWRITTEN);
    }
  };
  return {
    write(event: ConditionEvent): void {
      unwritten.push(event);
      writing = writing.then(flush);
    },
    async close(): Promise<void> {
      await writing;
      await flush();
    },
  };
}
