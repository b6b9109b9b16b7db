import { setTimeout as delay } from "node:timers/promises";
import { type Dispatcher, Pool } from "undici";

const MS_PER_SECOND = 1_000;

export interface LoadOptions {
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of the next request: bodies that differ are not answered from a cache. */
  readonly nextBody: () => string;
  readonly connections: number;
  readonly durationMs: number;
  /** It takes longer rather than make fewer: a process that is not warm says nothing. */
  readonly minRequests: number;
  /** All connections together start no more than that; absent = as many as are answered. */
  readonly maxPerSecond?: number;
}

export interface LoadFigures {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  /** Until the first bytes of the answer's body. */
  readonly firstBytesP50Ms: number;
}

/** So many connections, each with one request under way at any time. Throws at the first answer that is not 200. */
export async function applyLoad(options: LoadOptions): Promise<LoadFigures> {
  const pool = new Pool(options.origin, { connections: options.connections, pipelining: 1 });
  const latenciesMs: number[] = [];
  const firstBytesMs: number[] = [];
  const startedMs = performance.now();
  const endMs = startedMs + options.durationMs;
  let started = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() < endMs || latenciesMs.length < options.minRequests) {
      const mine = started++;
      if (options.maxPerSecond !== undefined) {
        const dueMs = startedMs + (mine * MS_PER_SECOND) / options.maxPerSecond;
        if (dueMs > performance.now()) await delay(dueMs - performance.now());
      }
      const { latencyMs, firstMs } = await request(pool, options);
      latenciesMs.push(latencyMs);
      firstBytesMs.push(firstMs);
    }
  };
  try {
    await Promise.all(Array.from({ length: options.connections }, caller));
  } finally {
    await pool.destroy();
  }
  const seconds = (performance.now() - startedMs) / MS_PER_SECOND;
  const sorted = latenciesMs.sort((a, b) => a - b);
  return {
    requests: sorted.length,
    perSecond: Math.round(sorted.length / seconds),
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    p999Ms: quantile(sorted, 0.999),
    firstBytesP50Ms: quantile(
      firstBytesMs.sort((a, b) => a - b),
      0.5,
    ),
  };
}

function request(pool: Pool, options: LoadOptions): Promise<{ latencyMs: number; firstMs: number }> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now();
    let firstMs = 0;
    let status = 0;
    let refusal = "";
    const handler: Dispatcher.DispatchHandler = {
      // undici knows by this method that the handler is of the new kind.
      onRequestStart() {},
      onResponseStart(_controller, statusCode) {
        status = statusCode;
      },
      onResponseData(_controller, chunk) {
        if (firstMs === 0) firstMs = performance.now() - startedMs;
        if (status !== 200) refusal += chunk.toString("utf8");
      },
      onResponseEnd() {
        if (status === 200) resolve({ latencyMs: performance.now() - startedMs, firstMs });
        else reject(new Error(`${options.origin} answered ${status}: ${refusal.slice(0, 300)}`));
      },
      onResponseError(_controller, error) {
        reject(error);
      },
    };
    const { path, headers, nextBody } = options;
    pool.dispatch({ method: "POST", path, headers, body: nextBody() }, handler);
  });
}

/** Nearest rank, to the microsecond. */
function quantile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return Math.round(value * 1_000) / 1_000;
}
