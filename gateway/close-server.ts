import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import { InFlight } from "./in-flight.ts";

export interface CloseOptions {
  /**
   * Requests are still answered for so long, each over a connection that ends with the answer: a load balancer looks away meanwhile.
   * While requests go on coming it has not looked away yet, and so it is up to twice as long.
   */
  readonly drainMs: number;
  /** Answers that take longer than that after it are cut off. */
  readonly maxWaitMs: number;
  /** A load balancer's question how the server is says nothing about whether it has looked away. */
  readonly isProbe?: (request: IncomingMessage) => boolean;
}

/** So long no request has come when the drain is over. */
const MAX_QUIET_MS = 1_000;
const CHECK_EVERY_MS = 50;

/**
 * Makes a server that can be closed as soon as its last answer is out: `server.close` alone also waits for connections that clients
 * opened in advance and never used.
 */
export function closeable(server: Server, options: CloseOptions): () => Promise<void> {
  const { drainMs, maxWaitMs, isProbe = () => false } = options;
  const answering = new InFlight<ServerResponse>();
  let draining = false;
  let closing = false;
  let lastRequestMs = Number.NEGATIVE_INFINITY;
  const closeIfIdle = (): void => {
    if (closing && answering.size === 0) server.closeAllConnections();
  };
  server.prependListener("request", (request, response) => {
    const place = answering.add(response);
    if (!isProbe(request)) lastRequestMs = performance.now();
    if (draining) response.setHeader("connection", "close");
    response.once("close", () => {
      answering.remove(place);
      closeIfIdle();
    });
  });

  async function drain(): Promise<void> {
    const startedMs = performance.now();
    const quietMs = Math.min(MAX_QUIET_MS, drainMs);
    await delay(drainMs);
    while (performance.now() < startedMs + 2 * drainMs) {
      // Timers come before sockets: on a busy machine, what has arrived may not have been read yet.
      await nextTurn();
      await nextTurn();
      if (performance.now() - lastRequestMs >= quietMs) return;
      await delay(CHECK_EVERY_MS);
    }
  }

  return async () => {
    draining = true;
    for (const response of answering.values())
      if (!response.headersSent) response.setHeader("connection", "close");
    if (drainMs > 0) await drain();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => server.closeAllConnections(), maxWaitMs);
      server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      closing = true;
      closeIfIdle();
    });
  };
}
