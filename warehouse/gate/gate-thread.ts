import { writeSync } from "node:fs";
import { Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { z } from "zod";
import { openGate } from "./gate.ts";
import { watchListener } from "./watch-listener.ts";

/**
 * The thread beside the engine: it runs while the main thread is inside the engine. It holds the gate, and ends the process when its standard
 * input ends (so it never outlives the parent that holds the other end), when the engine no longer answers, and when it fails itself: whoever
 * has started the process starts it again. SIGKILL, because nothing less is certain to end the engine, and nothing acknowledged is lost.
 */

const STDERR = 2;

// The descriptor itself, because a worker's `process.stdin` is fed by the main thread.
const stdin = new Socket({ fd: 0 });
for (const event of ["end", "error", "close"]) stdin.on(event, () => process.kill(process.pid, "SIGKILL"));
stdin.resume();
process.on("uncaughtException", (error) => end(`the gate failed: ${error.stack ?? error.message}`));

const options = z
  .object({
    host: z.string(),
    port: z.number(),
    password: z.string(),
    engineUrl: z.string(),
    engineSecret: z.string(),
  })
  .parse(workerData);
const gate = await openGate(options).catch((error: unknown) => end(String(error)));
void watchListener({
  ping: (timeoutMs) => gate.ping(timeoutMs),
  onGone: () => end("the engine's listener is gone"),
});
parentPort?.postMessage("listening");

function end(reason: string): never {
  writeSync(STDERR, `warehouse: ${reason}\n`);
  process.kill(process.pid, "SIGKILL");
  throw new Error(reason);
}
