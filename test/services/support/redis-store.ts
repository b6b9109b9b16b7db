import { randomUUID } from "node:crypto";
import type { SharedUsageStore } from "../../../gateway/redis/shared-usage-store.ts";
import { openRedisUsageStore, type RedisUsageStoreOptions } from "../../../gateway/usage-store.redis.ts";

/** A store with keys of its own, in a server that other tests use, too. */
export async function openRedisStore(
  url: string,
  options: Partial<RedisUsageStoreOptions> = {},
): Promise<{ store: SharedUsageStore; dispose(): Promise<void> }> {
  const prefix = `test-${randomUUID()}`;
  const store = await openRedisUsageStore({ url, prefix, now: Date.now, onError: () => {}, ...options });
  return { store, dispose: () => store.close() };
}
