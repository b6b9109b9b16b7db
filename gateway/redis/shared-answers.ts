import { decodeAnswers, encodeAnswer } from "../cache/answer-frame.ts";
import type { CachedAnswer } from "../cache/cached-answer.ts";
import type { SharedAnswers } from "../cache/shared-answers.ts";
import { connectRedis, type RedisConnection } from "./connection.ts";

export interface SharedAnswersOptions {
  readonly url: string;
  readonly prefix: string;
  readonly onError: (error: unknown) => void;
  /** Between two looks at Redis' memory. */
  readonly lookEveryMs?: number;
}

/** A miss waits that long at most: a model takes seconds, and a Redis that is away must not be felt. */
const GET_WAIT_MS = 50;
/** After one that did not answer, the others do not ask for that long. */
const AWAY_MS = 1_000;
const MAX_FRAME_BYTES = 256 << 10;
const MAX_WRITING = 1_000;
/** Counters must never lack what answers have taken: above this part of its memory Redis gets none. */
const MEMORY_SHARE = 0.5;
/** What Redis may use where it has no limit of its own. */
const UNLIMITED_BYTES = 1 << 30;
const LOOK_EVERY_MS = 5_000;

/** By a connection of its own, so that no reservation waits behind an answer. Keys have no hash tag: a cluster spreads them. */
export async function openRedisAnswers(options: SharedAnswersOptions): Promise<SharedAnswers> {
  const { prefix, onError, lookEveryMs = LOOK_EVERY_MS } = options;
  const redis = await connectRedis({ ...options, scripts: [] });
  const keyOf = (key: string): string => `${prefix}:answer:${key}`;
  let hasRoom = false;
  let writing = 0;
  let awayUntilMs = 0;
  const isAway = (): boolean => performance.now() < awayUntilMs;
  const look = async (): Promise<void> => {
    try {
      hasRoom = await roomIn(redis);
    } catch (error) {
      hasRoom = false;
      onError(error);
    }
  };
  await look();
  const timer = setInterval(() => void look(), lookEveryMs);
  timer.unref();

  return {
    async get(key) {
      if (isAway()) return null;
      const told = await within(redis.bytes(keyOf(key)), GET_WAIT_MS);
      if (told === "not in time") awayUntilMs = performance.now() + AWAY_MS;
      return told === "not in time" || told === null ? null : answerIn(told, key);
    },
    put(answer, lifetimeMs) {
      if (!hasRoom || isAway() || writing >= MAX_WRITING) return;
      const frame = encodeAnswer(answer);
      if (frame.length > MAX_FRAME_BYTES) return;
      writing += 1;
      redis
        .keepBytes(keyOf(answer.key), frame, Math.ceil(lifetimeMs))
        .catch(onError)
        .finally(() => {
          writing -= 1;
        });
    },
    forget(keys) {
      for (const key of keys) redis.forgetBytes(keyOf(key)).catch(onError);
    },
    async close() {
      clearInterval(timer);
      await redis.close();
    },
  };
}

function answerIn(frame: Buffer, key: string): CachedAnswer | null {
  const [answer] = decodeAnswers(frame);
  return answer?.key === key ? answer : null;
}

async function roomIn(redis: RedisConnection): Promise<boolean> {
  const memory = await redis.info("memory");
  const bytesOf = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(memory)?.[1] ?? 0);
  return bytesOf("used_memory") < (bytesOf("maxmemory") || UNLIMITED_BYTES) * MEMORY_SHARE;
}

/** A Redis that refuses is one that does not answer: who asked goes on without. */
function within<Told>(telling: Promise<Told>, maxMs: number): Promise<Told | "not in time"> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve("not in time"), maxMs);
    telling
      .then(resolve, () => resolve("not in time"))
      .finally(() => {
        clearTimeout(timer);
      });
  });
}
