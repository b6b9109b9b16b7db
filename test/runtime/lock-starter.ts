import { setTimeout as delay } from "node:timers/promises";
import { acquireProcessLock } from "../../runtime/process-lock.ts";

/** Starts when told to, says what came of it, and holds what it got until it is killed. */
const [file = ""] = process.argv.slice(2);
process.send?.("waiting");
process.once("message", async () => {
  const outcome = await acquireProcessLock(file);
  process.send?.(outcome.kind === "acquired" ? { kind: "acquired" } : outcome);
  // A lock must not go because its holder forgets about it.
  await delay(2 ** 31 - 1);
});
process.once("disconnect", () => process.exit(0));
