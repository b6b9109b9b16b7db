import { connect, createServer, type Socket } from "node:net";

/** A wire to a port, which can fail in two ways. */
export interface Cuttable {
  readonly port: number;
  /** Connections break, and new ones are refused. */
  cut(): void;
  /** Nothing breaks, but no byte comes through, of new connections neither: as with a firewall that drops packets. */
  silence(): void;
  /** After a silence, what was sent meanwhile arrives. */
  mend(): void;
  close(): Promise<void>;
}

export async function openCuttable(targetPort: number): Promise<Cuttable> {
  const open = new Set<Socket>();
  let isCut = false;
  let isSilent = false;
  const listener = createServer({ noDelay: true }, (client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const server = connect({ host: "127.0.0.1", port: targetPort, noDelay: true });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      open.add(socket);
      socket.on("data", (bytes: Buffer) => {
        // What the other side does not take waits with the sender.
        if (!other.write(bytes)) socket.pause();
      });
      other.on("drain", () => {
        if (!isSilent) socket.resume();
      });
      socket.on("end", () => other.end());
      if (isSilent) socket.pause();
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const address = listener.address();
  if (address === null || typeof address === "string") throw new Error("the wire has no port");
  const breakAll = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: address.port,
    cut() {
      isCut = true;
      breakAll();
    },
    silence() {
      isSilent = true;
      for (const socket of open) socket.pause();
    },
    mend() {
      isCut = false;
      isSilent = false;
      for (const socket of open) socket.resume();
    },
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        breakAll();
      }),
  };
}

/** Several wires that fail together. */
export function all(wires: readonly Cuttable[]): Pick<Cuttable, "cut" | "silence" | "mend"> {
  const each = (how: "cut" | "silence" | "mend") => () => {
    for (const wire of wires) wire[how]();
  };
  return { cut: each("cut"), silence: each("silence"), mend: each("mend") };
}
