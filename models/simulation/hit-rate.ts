/**
 * The hit rate when answers live `factor` times as long, for keys that are asked for at random times: of the rate of a key times
 * the lifetime, x, x / (1 + x) are hits (renewal argument for a TTL cache that is not refreshed by hits: Jung, Berger &
 * Balakrishnan (2003), "Modeling TTL-based Internet caches", INFOCOM, section III).
 */
export function stretched(rate: number, factor: number): number {
  if (rate >= 1) return 1;
  const x = (rate / (1 - rate)) * factor;
  return x / (1 + x);
}
