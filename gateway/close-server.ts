import type { Server } from "node:http";

export interface CloseOptions {
  /** Requests are still answered for so long, each over a connection that ends with the answer: a load balancer looks away meanwhile. */
  readonly drainMs: number;
  /** Answers that take longer than that after it are cut off. */
  readonly maxWaitMs: number;
}

/**
 * Makes a server that can be closed as soon as its last answer is out: `server.close` alone also waits for connections that clients
 * opened in advance and never used.
 */
export function closeable(server: Server, { drainMs, maxWaitMs }: CloseOptions): () => Promise<void> {
  let answering = 0;
  let draining = false;
  let closing = false;
  const closeIfIdle = (): void => {
    if (closing && answering === 0) server.closeAllConnections();
  };
  server.prependListener("request", (_request, response) => {
    answering += 1;
    if (draining) response.setHeader("connection", "close");
    response.once("close", () => {
      answering -= 1;
      closeIfIdle();
    });
  });
  return async () => {
    draining = true;
    if (drainMs > 0) await new Promise((resolve) => setTimeout(resolve, drainMs));
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
