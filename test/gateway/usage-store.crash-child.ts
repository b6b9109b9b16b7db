import { writeSync } from "node:fs";
import { openEmbeddedUsageStore } from "../../gateway/usage-store.embedded.ts";
import { charge, reservation } from "../contract/usage-store.contract.ts";

/** Reserves and settles for ever; says on standard output what was acknowledged, before anything else can happen. */
const [directory = "", round = ""] = process.argv.slice(2);
const CALLERS = 16;
const say = (line: string) => writeSync(1, `${line}\n`);

const store = await openEmbeddedUsageStore({ directory, now: Date.now, snapshotAfterBytes: 20_000 });
await Promise.all(
  Array.from({ length: CALLERS }, async (_, caller) => {
    for (let at = 0; ; at++) {
      const id = `${round}-${caller}-${at}/0`;
      await store.reserve(reservation(id, [charge("all", 10, 1e12), charge(`user-${caller}`, 10, 1e12)]));
      say(`reserved ${id}`);
      if (at % 5 === 0) continue;
      await store.settle(id, [3, 3]);
      say(`settled ${id}`);
    }
  }),
);
