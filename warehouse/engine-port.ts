import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { type ListenAddress, readEnginePort } from "./embedded-config.ts";

/**
 * Below the ports that the system gives to outgoing connections: there, a client that tries again and again could be given the very port
 * that it tries, and the engine could not have it back.
 */
const FIRST_PORT = 10_000;
const LAST_PORT = 32_000;
const MAX_TRIES = 100;
const WAIT_MS = 5_000;
const LOOK_EVERY_MS = 100;

/** The port that the engine had before, so that clients find it again after a restart; another one if that stays taken. */
export async function chooseEnginePort(dataDirectory: string, gate: ListenAddress): Promise<number> {
  const before = readEnginePort(dataDirectory, gate.port);
  if (before !== null && (await becomesFree({ ...gate, port: before }))) return before;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (port !== gate.port && (await isFree({ ...gate, port }))) return port;
  }
  throw new Error(`none of ${MAX_TRIES} ports from ${FIRST_PORT} to ${LAST_PORT} is free`);
}

async function becomesFree(address: ListenAddress): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < WAIT_MS; waitedMs += LOOK_EVERY_MS) {
    if (await isFree(address)) return true;
    await delay(LOOK_EVERY_MS);
  }
  return false;
}

export function isFree({ host, port }: ListenAddress): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(false);
      else reject(error);
    });
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
