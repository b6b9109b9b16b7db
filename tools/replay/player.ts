import { countReply, emptyTally, type Reply, type Tally } from "./statistics.ts";

export interface PlayOptions<Row> {
  readonly rows: readonly Row[];
  /** When the row is due after the start, milliseconds. */
  dueMs(row: Row, index: number): number;
  /** May not reject. */
  send(row: Row, index: number): Promise<Reply>;
  /** Beyond it nothing is sent until an answer comes; the lateness shows it. */
  readonly maxInFlight: number;
  /** Aborted: nothing more is sent. */
  readonly signal: AbortSignal;
  onChange(tally: Tally, inFlight: number): void;
}

export interface Played {
  readonly tally: Tally;
  /** From the first request to the last answer. */
  readonly elapsedMs: number;
  /** Requests whose answers nobody waited for. */
  readonly abandoned: number;
}

/** After the last request, or after a stop. */
export const MAX_DRAIN_MS = 60_000;

/**
 * Sends each row at its own time whether or not the ones before are answered (open loop), so that a slow gateway
 * cannot slow down its own load. Then waits for the answers, at most {@link MAX_DRAIN_MS}.
 */
export function play<Row>(options: PlayOptions<Row>): Promise<Played> {
  const { rows, maxInFlight, signal } = options;
  const tally = emptyTally();
  const startedAtMs = performance.now();
  const elapsedMs = (): number => performance.now() - startedAtMs;
  let next = 0;
  let inFlight = 0;
  let timer: NodeJS.Timeout | undefined;
  let drain: NodeJS.Timeout | undefined;

  return new Promise((resolve, reject) => {
    const finishWhenDone = (): void => {
      if (next < rows.length && !signal.aborted) return;
      clearTimeout(timer);
      drain ??= setTimeout(
        () => resolve({ tally, elapsedMs: elapsedMs(), abandoned: inFlight }),
        MAX_DRAIN_MS,
      );
      if (inFlight > 0) return;
      clearTimeout(drain);
      resolve({ tally, elapsedMs: elapsedMs(), abandoned: 0 });
    };
    const receive = (reply: Reply): void => {
      inFlight -= 1;
      countReply(tally, reply);
      options.onChange(tally, inFlight);
      if (inFlight === maxInFlight - 1) pump();
      finishWhenDone();
    };
    const pump = (): void => {
      clearTimeout(timer);
      while (!signal.aborted && inFlight < maxInFlight) {
        const row = rows[next];
        if (row === undefined) break;
        const latenessMs = elapsedMs() - options.dueMs(row, next);
        if (latenessMs < 0) {
          timer = setTimeout(pump, Math.ceil(-latenessMs));
          break;
        }
        inFlight += 1;
        tally.sent += 1;
        tally.latenessMs.push(latenessMs);
        options.send(row, next).then(receive).catch(reject);
        next += 1;
      }
      finishWhenDone();
    };
    signal.addEventListener("abort", finishWhenDone, { once: true });
    pump();
  });
}
