import { connect, createServer, type Socket } from "node:net";

/** A load balancer of TCP connections: each goes to the next port in turn, or to the one after it when that one refuses. */
export async function startRoundRobin(
  ports: readonly number[],
): Promise<{ url: string; close(): Promise<void> }> {
  const open = new Set<Socket>();
  let next = 0;

  function join(client: Socket, tries: number): void {
    const port = ports[next++ % ports.length];
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
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
