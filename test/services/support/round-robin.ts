import { connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

const CHECK_EVERY_MS = 100;
const CHECK_TIMEOUT_MS = 1_000;

/**
 * A load balancer of TCP connections: each goes to the next gateway that says at `/readyz` that it is ready, or to the one after it
 * when that one refuses.
 */
export async function startRoundRobin(
  ports: readonly number[],
): Promise<{ url: string; close(): Promise<void> }> {
  const open = new Set<Socket>();
  const health = watchHealth(ports);
  let next = 0;

  function join(client: Socket, tries: number): void {
    const ready = ports.filter((port) => health.isReady(port));
    const candidates = ready.length > 0 ? ready : ports;
    const port = candidates[next++ % candidates.length];
    if (port === undefined || tries === 0) {
      client.destroy();
      return;
    }
    const server = connect({ host: "127.0.0.1", port, noDelay: true });
    server.once("error", () => join(client, tries - 1));
    server.once("connect", () => {
      server.removeAllListeners("error");
      server.on("error", () => client.destroy());
      open.add(server);
      server.on("close", () => {
        open.delete(server);
        client.destroy();
      });
      client.on("close", () => server.destroy());
      client.pipe(server).pipe(client);
    });
  }

  const listener = createServer({ noDelay: true }, (client) => {
    open.add(client);
    client.on("close", () => open.delete(client));
    client.on("error", () => client.destroy());
    join(client, ports.length);
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("the load balancer has no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      await health.close();
      await new Promise<void>((resolve) => {
        listener.close(() => resolve());
        for (const socket of open) socket.destroy();
      });
    },
  };
}

function watchHealth(ports: readonly number[]) {
  const notReady = new Set<number>();
  const stop = new AbortController();
  const watch = async (port: number): Promise<void> => {
    while (!stop.signal.aborted) {
      if (await isReady(port)) notReady.delete(port);
      else notReady.add(port);
      await delay(CHECK_EVERY_MS);
    }
  };
  const watches = ports.map(watch);
  return {
    isReady: (port: number) => !notReady.has(port),
    async close() {
      stop.abort();
      await Promise.all(watches);
    },
  };
}

async function isReady(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, {
      signal: AbortSignal.timeout(CHECK_TIMEOUT_MS),
    });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
