import { Command, InvalidArgumentError } from "commander";
import { type SimulatedProvider, startSimulatedProvider } from "./server.ts";

/** sysexits.h: starting again does not help. */
const EXIT_CONFIG = 78;

const program: Command = new Command("simulated-provider")
  .description("An OpenAI-compatible server that stands in for every provider without a key.")
  .option("--port <number>", "port to listen on; 0 = any free one", wholeNumber, 8099)
  .option("--host <address>", "address to bind to", "127.0.0.1")
  .option("--seed <number>", "the same seed gives the same answers", wholeNumber, 1)
  .option("--latency-scale <factor>", "1 = true to life, 0.05 = twenty times as fast, 0 = at once", factor, 1)
  .option("--error-scale <factor>", "scales the profiles' own error rates; 0 = no random errors", factor, 0)
  .addHelpText(
    "after",
    "\nA provider's base URL is http://<host>:<port>/<provider name>/v1. GET /books shows what it would bill.",
  );

const provider = await start();
console.log(`simulated provider listens on ${provider.url}`);

// A supervisor waits for this; without one there is no channel.
process.send?.({ type: "ready" });

// The channel to a supervisor closes when the supervisor ends, however it ends.
for (const event of ["SIGINT", "SIGTERM", "disconnect"]) {
  process.once(event, () => {
    provider.close().then(() => process.exit(0), fail);
  });
}

async function start(): Promise<SimulatedProvider> {
  try {
    return await startSimulatedProvider(program.parse().opts());
  } catch (error) {
    return fail(error);
  }
}

function fail(error: unknown): never {
  const isPortTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
  const message = error instanceof Error ? error.message : String(error);
  program.error(`simulated provider: ${message}`, { exitCode: isPortTaken ? EXIT_CONFIG : 1 });
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(text);
}

function factor(text: string): number {
  const value = Number(text);
  if (text === "" || !Number.isFinite(value) || value < 0)
    throw new InvalidArgumentError("It must be 0 or more.");
  return value;
}
