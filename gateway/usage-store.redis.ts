import { z } from "zod";
import type { Charge, CounterState } from "../models/domain/charge.ts";
import { KeyedInFlight } from "./in-flight.ts";
import { connectRedis, type RedisConnection, requireNoEviction } from "./redis/connection.ts";
import {
  type CounterScripts,
  counterScripts,
  reserveResult,
  UnknownOutcome,
} from "./redis/counter-scripts.ts";
import { type CounterWatch, scriptOnce, watchCounters, watchScripts } from "./redis/counter-watch.ts";
import { expiryOf, type Keys, keysOf } from "./redis/keys.ts";
import { type Lineage, openLineage } from "./redis/lineage.ts";
import { openRetries, type Retries } from "./redis/retries.ts";
import type { SharedUsageStore, UncountedRequests } from "./redis/shared-usage-store.ts";
import {
  encodeReservation,
  loadReservations,
  type StoredReservation,
  withoutTime,
  withSiblings,
} from "./redis/stored-reservation.ts";
import { requireKnown } from "./usage-journal/counter-gap.ts";
import type { RecordedCounters } from "./usage-journal/recorded-counters.ts";
import { requireAmount, requireReservation } from "./usage-journal/requirements.ts";
import { type SettledSince, settleRecorded } from "./usage-journal/settle-recorded.ts";
import {
  type Reservation,
  type ReserveResult,
  UsageStoreError,
  type UsageStoreStatus,
} from "./usage-store.ts";

export interface RedisUsageStoreOptions {
  /** `redis://user:password@host:6379/0`, `rediss://` for TLS, `?cluster=1` for a cluster. */
  readonly url: string;
  /** Of this deployment's keys. Default `vigor`. */
  readonly prefix?: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** What the event log holds since a moment: an expired reservation of a request that it holds is settled to what that did cost. */
  readonly settledSince?: SettledSince;
  /** What counters are made from again when Redis has lost them. Absent: they begin at 0, and a loss is never mended. */
  readonly recorded?: RecordedCounters;
  /** Where this gateway remembers what Redis has told it; absent: in memory, so that a loss between two runs is not noticed. */
  readonly lineageFile?: string;
  /** Until then, windows of which the log does not have the beginning are served on what it has. Default: never. */
  readonly gapAcceptedUntilMs?: number;
  readonly onError: (error: unknown) => void;
}

/** What this process has reserved and not ended. */
interface Mine {
  readonly id: string;
  readonly charges: readonly Charge[];
  expiresAtMs: number;
}

/** Who ends a reservation: see `end.lua`. */
type EndedBy = "owner" | "undo" | "other" | "rebuild";

/** Open at once, over all gateways. */
const MAX_RESERVATIONS = 200_000;
/** How long one gateway has to record what it was told of, before another one is told. */
const CLAIM_MS = 60_000;
const MAX_EXPIRED_AT_ONCE = 500;
const MAX_RENEWED_AT_ONCE = 1_000;
const SETTLE_TRIES_MS = [0, 50, 200, 500, 1_000, 2_000, 4_000];
/** What comes later than that finds no reservation: a gateway that stood still for a day. */
const ENDED_KEPT_MS = 86_400_000;
const COUNTED_KEPT_MS = 7 * 86_400_000;

const reserveScript = scriptOnce("reserve.lua");
const endScript = scriptOnce("end.lua");
const countScript = scriptOnce("count.lua");
const expiredScript = scriptOnce("expired.lua");
const renewScript = scriptOnce("renew.lua");
const forgetScript = scriptOnce("forget.lua");

/** In front of every key of this deployment. */
export const DEFAULT_PREFIX = "vigor";

/** The usage store that all gateways share. One script, and so one round trip, for each reserve and each end. */
export async function openRedisUsageStore(options: RedisUsageStoreOptions): Promise<SharedUsageStore> {
  const scripts = [
    reserveScript(),
    endScript(),
    countScript(),
    expiredScript(),
    renewScript(),
    forgetScript(),
    ...watchScripts(),
  ];
  const redis = await connectRedis({ ...options, scripts });
  try {
    await requireNoEviction(redis);
    const store = new RedisUsageStore(options, redis);
    await store.begin();
    return store;
  } catch (error) {
    await redis.close();
    throw error;
  }
}

class RedisUsageStore implements SharedUsageStore {
  readonly #options: RedisUsageStoreOptions;
  readonly #redis: RedisConnection;
  readonly #keys: Keys;
  readonly #lineage: Lineage;
  readonly #scripts: CounterScripts;
  /** Ends of reservations that Redis has not acknowledged. */
  readonly #retries: Retries;
  readonly #mine = new KeyedInFlight<Mine>();
  /** Expired reservations that the log was searched for. */
  readonly #searched = new Set<string>();
  #uncounted: UncountedRequests | null = null;
  #watch: CounterWatch | null = null;

  constructor(options: RedisUsageStoreOptions, redis: RedisConnection) {
    this.#options = options;
    this.#redis = redis;
    this.#keys = keysOf(options.prefix ?? DEFAULT_PREFIX);
    this.#lineage = openLineage(options.lineageFile ?? null);
    this.#retries = openRetries(options.onError);
    this.#scripts = counterScripts({
      ...{ redis, keys: this.#keys, lineage: this.#lineage },
      look: async () => this.#watch?.look(),
    });
  }

  async begin(): Promise<void> {
    const { now, onError, recorded, gapAcceptedUntilMs } = this.#options;
    this.#watch = await watchCounters({
      ...{ redis: this.#redis, keys: this.#keys, lineage: this.#lineage, now, onError },
      recorded: recorded ?? null,
      openHere: () => this.#mine.size + (this.#uncounted?.open() ?? 0),
      forget: (ids) => this.#forget(ids),
      onRebuilt: () => this.#uncounted?.onRebuilt(),
      gapAcceptedUntilMs: gapAcceptedUntilMs ?? 0,
    });
  }

  attach(uncounted: UncountedRequests): void {
    this.#uncounted = uncounted;
  }

  status(): UsageStoreStatus {
    return this.#watch?.status() ?? { state: "rebuilding" };
  }

  async reserve(reservation: Reservation): Promise<ReserveResult> {
    requireReservation(reservation);
    const { id, charges, expiresAtMs } = reservation;
    const text = encodeReservation(reservation, this.#options.now());
    const keys = [this.#keys.open, this.#keys.reservation(id), ...this.#countersOf(charges)];
    const args = [id, String(expiresAtMs), text, String(MAX_RESERVATIONS)];
    for (const charge of charges) {
      const limit = charge.limit === Number.POSITIVE_INFINITY ? "" : String(charge.limit);
      args.push(String(charge.amount), limit, expiryOf(charge));
    }
    try {
      // Looked at each time: a rebuild that is noticed by this very call may have left a gap.
      const requireKnownCharges = (): void => requireKnown(charges, this.#watch?.gap() ?? null);
      const answer = await this.#scripts.run(reserveScript(), { keys, args, before: requireKnownCharges });
      const result = reserveResult(answer, reservation);
      if (result.ok) this.#mine.set(id, { id, charges, expiresAtMs });
      return result;
    } catch (error) {
      // It may have been taken all the same; nobody will settle it, so it must not stay.
      if (error instanceof UnknownOutcome)
        this.#retries.add(id, () => this.#end(id, charges, { by: "undo" }));
      throw error;
    }
  }

  settle(id: string, actualAmounts: readonly number[]): Promise<boolean> {
    return this.#endWithPatience(id, actualAmounts);
  }

  release(id: string): Promise<boolean> {
    return this.#endWithPatience(id, null);
  }

  async count(id: string, charges: readonly Charge[], used: readonly number[]): Promise<void> {
    const args = [String(COUNTED_KEPT_MS)];
    charges.forEach((charge, at) => {
      args.push(String(used[at] ?? 0), expiryOf(charge));
    });
    await this.#scripts.run(countScript(), {
      keys: [this.#keys.counted(id), ...this.#countersOf(charges)],
      args,
    });
  }

  async read(keys: readonly string[]): Promise<CounterState[]> {
    const names = keys.map((key) => this.#keys.counter(key));
    const states = await this.#redis.hashFields(names, ["u", "r"]);
    return states.map(([used, reserved]) => ({ used: Number(used ?? 0), reserved: Number(reserved ?? 0) }));
  }

  async renew({ beforeMs, untilMs }: { beforeMs: number; untilMs: number }): Promise<void> {
    const due = [...this.#mine.values()].filter(({ expiresAtMs }) => expiresAtMs < beforeMs);
    for (let at = 0; at < due.length; at += MAX_RENEWED_AT_ONCE) {
      const some = due.slice(at, at + MAX_RENEWED_AT_ONCE);
      const args = [String(untilMs), ...some.map(({ id }) => id)];
      await this.#redis.run(renewScript(), [this.#keys.open, this.#keys.claims], args);
      for (const mine of some) mine.expiresAtMs = untilMs;
    }
  }

  async expiredReservations(nowMs: number): Promise<Reservation[]> {
    const expired = await this.#claimExpired(nowMs);
    const { settledSince } = this.#options;
    if (settledSince !== undefined && expired.some(({ id }) => !this.#searched.has(id))) {
      await settleRecorded({ held: expired, settledSince, store: this });
      for (const { id } of expired) this.#searched.add(id);
      return (
        await loadReservations(
          this.#redis,
          this.#keys,
          expired.map(({ id }) => id),
        )
      ).map(withoutTime);
    }
    return expired.map(withoutTime);
  }

  async forget(keys: readonly string[]): Promise<void> {
    await this.#redis.run(
      forgetScript(),
      keys.map((key) => this.#keys.counter(key)),
      [],
    );
  }

  async close(): Promise<void> {
    await this.#retries.close();
    await this.#watch?.close();
    await this.#redis.close();
  }

  async #claimExpired(nowMs: number): Promise<StoredReservation[]> {
    const args = [String(nowMs), this.#lineage.owner, String(CLAIM_MS), String(MAX_EXPIRED_AT_ONCE)];
    const keys = [this.#keys.open, this.#keys.claims];
    const ids = z.array(z.string()).parse(await this.#scripts.ask(expiredScript(), { keys, args }));
    if (ids.length === 0) this.#searched.clear();
    return loadReservations(this.#redis, this.#keys, withSiblings(ids));
  }

  /** An end that Redis did not take is tried for some seconds, and then again and again behind its caller's back. */
  async #endWithPatience(id: string, actual: readonly number[] | null): Promise<boolean> {
    const mine = this.#mine.get(id);
    const charges = mine?.charges ?? (await loadReservations(this.#redis, this.#keys, [id]))[0]?.charges;
    if (charges === undefined) return false;
    if (actual !== null && actual.length !== charges.length)
      throw new RangeError(`${charges.length} amounts are due, got ${actual.length}`);
    actual?.forEach(requireAmount);
    const end = (): Promise<boolean> =>
      this.#end(id, charges, { by: mine === undefined ? "other" : "owner", actual });
    let failure: unknown;
    for (const waitMs of SETTLE_TRIES_MS) {
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      try {
        return await end();
      } catch (error) {
        if (!(error instanceof UsageStoreError)) throw error;
        failure = error;
      }
    }
    // What another gateway has left behind is told of again. Too much of this gateway's own is left to expire, and to the log.
    if (mine !== undefined && !this.#retries.add(id, end)) this.#mine.delete(id);
    throw failure;
  }

  async #end(
    id: string,
    charges: readonly Charge[],
    { by, actual = null }: { readonly by: EndedBy; readonly actual?: readonly number[] | null },
  ): Promise<boolean> {
    const { open, claims, reservation } = this.#keys;
    const keys = [open, reservation(id), claims, ...this.#countersOf(charges)];
    const args = [id, by, String(ENDED_KEPT_MS)];
    charges.forEach((charge, at) => {
      args.push(String(charge.amount), String(actual?.[at] ?? 0), expiryOf(charge));
    });
    const [ended] = await this.#scripts.run(endScript(), { keys, args });
    this.#mine.delete(id);
    return ended === 1;
  }

  async #forget(ids: readonly string[]): Promise<void> {
    for (const { id, charges } of await loadReservations(this.#redis, this.#keys, ids))
      await this.#end(id, charges, { by: "rebuild" });
  }

  #countersOf(charges: readonly Charge[]): string[] {
    return charges.map(({ key }) => this.#keys.counter(key));
  }
}
