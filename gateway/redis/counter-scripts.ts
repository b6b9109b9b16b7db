import { z } from "zod";
import { type Reservation, type ReserveResult, UsageStoreError } from "../usage-store.ts";
import { RedisAway, type RedisConnection, type Script } from "./connection.ts";
import type { Keys } from "./keys.ts";
import type { Lineage } from "./lineage.ts";

/** Runs scripts that begin with `lineage.lua`: on counters that have everything that this gateway knows of, or not at all. */
export interface CounterScripts {
  /** Rejects with {@link RedisAway} when counters were lost, with {@link UnknownOutcome} when there was no answer. */
  run(script: Script, call: ScriptCall & { readonly before?: () => void }): Promise<readonly number[]>;
  /** One that tells something else than what it did. */
  ask(script: Script, call: ScriptCall): Promise<unknown>;
}

export interface ScriptCall {
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/** The script was sent, and whether it ran is not known. */
export class UnknownOutcome extends UsageStoreError {}

const numbers = z.array(z.number());
const [DONE, LOST, REBUILT] = [1, 6, 7];
const MAX_REBUILDS_IN_A_ROW = 3;

export function counterScripts(options: {
  readonly redis: RedisConnection;
  readonly keys: Keys;
  readonly lineage: Lineage;
  /** Learns of a rebuild. */
  readonly look: () => Promise<void>;
}): CounterScripts {
  const { redis, keys: names, lineage, look } = options;

  const ask: CounterScripts["ask"] = (script, { keys, args }) =>
    redis.run(
      script,
      [names.epoch, names.mark(lineage.owner), ...keys],
      [String(lineage.epoch), String(lineage.mark), ...args],
    );

  async function send(script: Script, call: ScriptCall): Promise<readonly number[]> {
    try {
      return numbers.parse(await ask(script, call));
    } catch (cause) {
      if (!(cause instanceof UsageStoreError) || cause instanceof RedisAway) throw cause;
      throw new UnknownOutcome(cause.message, { cause });
    }
  }

  return {
    ask,
    async run(script, { before = () => {}, ...call }) {
      for (let rebuilds = 0; rebuilds < MAX_REBUILDS_IN_A_ROW; rebuilds++) {
        before();
        const answer = await send(script, call);
        const [kind, mark = 0] = answer;
        if (kind === LOST)
          throw new RedisAway("Redis has lost its counters, or has older ones, and they are being made anew");
        if (kind === DONE) lineage.acknowledged(mark);
        if (kind !== REBUILT) return answer;
        await look();
      }
      throw new RedisAway("Redis' counters are made anew again and again");
    },
  };
}

/** What an answer of `reserve.lua` says. */
export function reserveResult(answer: readonly number[], { id, charges }: Reservation): ReserveResult {
  const [kind, ...rest] = answer;
  if (kind === 1) {
    const [, ...counters] = rest;
    const states = charges.map((_charge, at) => ({
      used: counters[2 * at] ?? 0,
      reserved: counters[2 * at + 1] ?? 0,
    }));
    return { ok: true, states };
  }
  if (kind === 2) return { ok: true };
  if (kind === 3) throw new RangeError(`"${id}" is reserved already`);
  if (kind === 4) throw new RedisAway("too many reservations are open");
  if (kind === 5) throw new RedisAway("a counter is too large to be kept exactly");
  const [number = 0, used = 0, reserved = 0] = rest;
  const denied = charges[number - 1];
  if (kind !== 0 || denied === undefined) throw new UsageStoreError(`Redis answered ${answer.join(" ")}`);
  return { ok: false, denied, state: { used, reserved } };
}
