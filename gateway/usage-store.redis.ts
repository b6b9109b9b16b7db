import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Charge, CounterState } from "../models/domain/charge.ts";
import { KeyedInFlight } from "./in-flight.ts";
import { connectRedis, RedisAway, type RedisConnection, readScript } from "./redis/connection.ts";
import { expiryOf, type Keys, keysOf } from "./redis/keys.ts";
import {
  beginWhole,
  type RecordedCounters,
  type Recount,
  recountScript,
  startRecount,
} from "./redis/recount.ts";
import { decodeReservation, encodeReservation, type StoredReservation } from "./redis/stored-reservation.ts";
import { openUndo, type Undo } from "./redis/undo.ts";
import { requireAmount, requireReservation } from "./usage-journal/requirements.ts";
import { type SettledSince, settleRecorded } from "./usage-journal/settle-recorded.ts";
import { type Reservation, type ReserveResult, type UsageStore, UsageStoreError } from "./usage-store.ts";

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
  readonly onError: (error: unknown) => void;
}

/** Open at once, over all gateways. */
const MAX_RESERVATIONS = 200_000;
/** How long one gateway has to record what it was told of, before another one is told. */
const CLAIM_MS = 60_000;
const MAX_EXPIRED_AT_ONCE = 500;
const SETTLE_TRIES_MS = [0, 50, 200, 500, 1_000, 2_000, 4_000];

const reserveScript = readScriptOnce("reserve.lua");
const endScript = readScriptOnce("end.lua");
const expiredScript = readScriptOnce("expired.lua");
const forgetScript = readScriptOnce("forget.lua");
const numbers = z.array(z.number());

/** In front of every key of this deployment. */
export const DEFAULT_PREFIX = "vigor";

/** The usage store that all gateways share. One script, and so one round trip, for each reserve and each end. */
export async function openRedisUsageStore(options: RedisUsageStoreOptions): Promise<UsageStore> {
  const scripts = [reserveScript(), endScript(), expiredScript(), forgetScript(), recountScript()];
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

/** Without a log there is nothing that counters could be made from. */
const NOTHING_RECORDED: RecordedCounters = {
  isComplete: async () => true,
  isEmpty: async () => true,
  counters: async () => new Map(),
};

class RedisUsageStore implements UsageStore {
  readonly #options: RedisUsageStoreOptions;
  readonly #redis: RedisConnection;
  readonly #keys: Keys;
  readonly #undo: Undo;
  /** This gateway, for claims. */
  readonly #owner = randomUUID();
  /** Charges of what this process has reserved, so that ending it needs no look first. */
  readonly #mine = new KeyedInFlight<readonly Charge[]>();
  /** Expired reservations that the log was searched for. */
  readonly #searched = new Set<string>();
  #recount: Recount | null = null;

  constructor(options: RedisUsageStoreOptions, redis: RedisConnection) {
    this.#options = options;
    this.#redis = redis;
    this.#keys = keysOf(options.prefix ?? DEFAULT_PREFIX);
    this.#undo = openUndo({
      release: (id, charges) => this.#end(id, charges, null),
      onError: options.onError,
    });
  }

  async begin(): Promise<void> {
    const { now, onError, recorded } = this.#options;
    const shared = { redis: this.#redis, keys: this.#keys, owner: this.#owner, now };
    await beginWhole({ ...shared, recorded: recorded ?? NOTHING_RECORDED });
    if (recorded === undefined) return;
    this.#recount = startRecount({ ...shared, recorded, onError, openHere: () => this.#mine.size });
  }

  async reserve(reservation: Reservation): Promise<ReserveResult> {
    requireReservation(reservation);
    const { id, charges, expiresAtMs } = reservation;
    const text = encodeReservation(reservation, this.#options.now());
    const { open, whole } = this.#keys;
    const keys = [open, this.#keys.reservation(id), whole, ...this.#countersOf(charges)];
    const args = [id, String(expiresAtMs), text, String(MAX_RESERVATIONS)];
    for (const charge of charges) {
      const limit = charge.limit === Number.POSITIVE_INFINITY ? "" : String(charge.limit);
      args.push(String(charge.amount), limit, expiryOf(charge));
    }
    try {
      const answer = numbers.parse(await this.#redis.run(reserveScript(), keys, args));
      const result = resultOf(answer, reservation);
      if (result.ok) this.#mine.set(id, charges);
      return result;
    } catch (error) {
      // It may have been taken all the same; nobody will settle it, so it must not stay.
      if (error instanceof UsageStoreError && !(error instanceof RedisAway)) this.#undo.add(id, charges);
      throw error;
    }
  }

  settle(id: string, actualAmounts: readonly number[]): Promise<boolean> {
    return this.#endWithPatience(id, actualAmounts);
  }

  release(id: string): Promise<boolean> {
    return this.#endWithPatience(id, null);
  }

  async read(keys: readonly string[]): Promise<CounterState[]> {
    const names = keys.map((key) => this.#keys.counter(key));
    const states = await this.#redis.hashFields(names, ["u", "r"]);
    return states.map(([used, reserved]) => ({ used: Number(used ?? 0), reserved: Number(reserved ?? 0) }));
  }

  async renew(): Promise<void> {}

  async expiredReservations(nowMs: number): Promise<Reservation[]> {
    const expired = await this.#claimExpired(nowMs);
    const { settledSince } = this.#options;
    const unsearched = expired.filter(({ id }) => !this.#searched.has(id));
    if (settledSince !== undefined && unsearched.length > 0) {
      await settleRecorded({ held: unsearched, settledSince, store: this });
      for (const { id } of unsearched) this.#searched.add(id);
      return this.#stillThere(expired);
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
    await this.#recount?.close();
    await this.#undo.close();
    await this.#redis.close();
  }

  async #claimExpired(nowMs: number): Promise<StoredReservation[]> {
    const args = [nowMs, this.#owner, CLAIM_MS, MAX_EXPIRED_AT_ONCE].map(String);
    const answer = await this.#redis.run(expiredScript(), [this.#keys.open, this.#keys.claims], args);
    const ids = z.array(z.string()).parse(answer);
    if (ids.length === 0) this.#searched.clear();
    return this.#load(ids);
  }

  async #stillThere(reservations: readonly StoredReservation[]): Promise<Reservation[]> {
    return (await this.#load(reservations.map(({ id }) => id))).map(withoutTime);
  }

  async #load(ids: readonly string[]): Promise<StoredReservation[]> {
    const texts = await Promise.all(ids.map((id) => this.#redis.get(this.#keys.reservation(id))));
    return texts.flatMap((text) => (text === null ? [] : (decodeReservation(text) ?? [])));
  }

  /** A settlement that Redis did not take is tried for some seconds: it would count at its bound until it expires. */
  async #endWithPatience(id: string, actual: readonly number[] | null): Promise<boolean> {
    const charges = this.#mine.get(id) ?? (await this.#load([id]))[0]?.charges;
    if (charges === undefined) return false;
    if (actual !== null && actual.length !== charges.length)
      throw new RangeError(`${charges.length} amounts are due, got ${actual.length}`);
    actual?.forEach(requireAmount);
    let failure: unknown;
    for (const waitMs of SETTLE_TRIES_MS) {
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      try {
        return await this.#end(id, charges, actual);
      } catch (error) {
        if (!(error instanceof UsageStoreError)) throw error;
        failure = error;
      }
    }
    this.#mine.delete(id);
    throw failure;
  }

  async #end(id: string, charges: readonly Charge[], actual: readonly number[] | null): Promise<boolean> {
    const { open, claims, reservation } = this.#keys;
    const keys = [open, reservation(id), claims, ...this.#countersOf(charges)];
    const args = [id];
    charges.forEach((charge, at) => {
      args.push(String(-charge.amount), String(actual?.[at] ?? 0), expiryOf(charge));
    });
    const ended = await this.#redis.run(endScript(), keys, args);
    this.#mine.delete(id);
    return ended === 1;
  }

  #countersOf(charges: readonly Charge[]): string[] {
    return charges.map(({ key }) => this.#keys.counter(key));
  }
}

function resultOf(answer: readonly number[], { id, charges }: Reservation): ReserveResult {
  const [kind, ...rest] = answer;
  if (kind === 1) {
    const states = charges.map((_charge, at) => ({
      used: rest[2 * at] ?? 0,
      reserved: rest[2 * at + 1] ?? 0,
    }));
    return { ok: true, states };
  }
  if (kind === 2) return { ok: true };
  if (kind === 3) throw new RangeError(`"${id}" is reserved already`);
  if (kind === 4) throw new RedisAway("too many reservations are open");
  if (kind === 5) throw new RedisAway("a counter is too large to be kept exactly");
  if (kind === 6) throw new RedisAway("Redis has lost its counters, which are being counted anew");
  const [number = 0, used = 0, reserved = 0] = rest;
  const denied = charges[number - 1];
  if (kind !== 0 || denied === undefined) throw new UsageStoreError(`Redis answered ${answer.join(" ")}`);
  return { ok: false, denied, state: { used, reserved } };
}

function withoutTime({ reservedAtMs: _, ...reservation }: StoredReservation): Reservation {
  return reservation;
}

/** A Redis that throws keys away when memory is short would forget what was spent. */
async function requireNoEviction(redis: RedisConnection): Promise<void> {
  const policy = /maxmemory_policy:(\S+)/.exec(await redis.info("memory"))?.[1];
  if (policy !== undefined && policy !== "noeviction")
    throw new UsageStoreError(
      `Redis has maxmemory-policy ${policy}, but counters may never be evicted: set noeviction`,
    );
}

function readScriptOnce(name: string) {
  let script: ReturnType<typeof readScript> | null = null;
  return () => (script ??= readScript(new URL(`./redis/${name}`, import.meta.url)));
}
