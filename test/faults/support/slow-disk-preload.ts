import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Loaded with `--import ...?switch=FILE`: while the file is there, every write and sync takes as much longer as it says, in ms. */
const switchFile = new URL(import.meta.url).searchParams.get("switch") ?? "";
const CHANGING = ["write", "writev", "writeFile", "appendFile", "sync", "datasync"] as const;

const probe = await open(process.execPath, "r");
const prototype: object = Object.getPrototypeOf(probe);
await probe.close();
for (const name of CHANGING) {
  const original: unknown = Reflect.get(prototype, name);
  if (typeof original !== "function") throw new Error(`file handles have no ${name}`);
  Reflect.set(prototype, name, async function slowed(this: unknown, ...args: unknown[]): Promise<unknown> {
    const delayMs = currentDelayMs();
    if (delayMs > 0) await delay(delayMs);
    return Reflect.apply(original, this, args);
  });
}

function currentDelayMs(): number {
  try {
    return Number(readFileSync(switchFile, "utf8"));
  } catch {
    return 0;
  }
}
