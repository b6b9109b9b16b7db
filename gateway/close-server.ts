import type { Server } from "node:http";

/**
 * Makes a server that can be closed as soon as its last answer is out: `server.close` alone also waits for connections that clients
 * opened in advance and never used. Answers that take longer than `maxWaitMs` are cut off.
 */
export function closeable(server: Server, maxWaitMs: number): () => Promise<void> {
  let answering = 0;
  let closing = false;
  const closeIfIdle = (): void => {
    if (closing && answering === 0) server.closeAllConnections();
  };
  server.on("request", (_request, response) => {
    answering += 1;
    response.once("close", () => {
      answering -= 1;
      closeIfIdle();
    });
  });
  return () =>
    new Promise((resolve) => {
      const timer = setTimeout(() => server.closeAllConnections(), maxWaitMs);
      server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      closing = true;
      closeIfIdle();
    });
}
