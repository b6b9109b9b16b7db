import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { EventLogError, type LogBatch } from "../../ingest/event-log.ts";
import { createArrivals, offsetProblems, recordsOf, scanAll, textOf } from "../contract/arrivals.ts";
import { type EmbeddedHarness, openEmbeddedHarness, segmentsOf } from "./embedded-harness.ts";

const SCRIPT = join(import.meta.dirname, "append-until-killed.ts");

/** Three processes start one after the other, on a machine that may be busy. */
const STARTS_TIMEOUT_MS = 120_000;

let harness: EmbeddedHarness;
beforeEach(async () => {
  harness = await openEmbeddedHarness();
});
afterEach(() => harness.dispose());

test(
  "kill -9 under load loses nothing that was acknowledged, and a consumer sees nothing twice or torn",
  async () => {
    const batches = createArrivals<LogBatch>();
    await harness.log.consume({
      topic: "requests",
      group: "sink",
      startAt: async () => 0,
      eachBatch: async (batch) => batches.add(batch),
    });
    const acknowledged: string[] = [];
    for (const run of [1, 2, 3]) {
      const child = spawn(process.execPath, [
        "--import",
        "@oxc-node/core/register",
        SCRIPT,
        harness.directory,
        "victim",
        String(20_000 * run),
        "1000000",
      ]);
      const outcomes = readOutcomes(child);
      await outcomes.untilCount(1_500 * run);
      child.kill("SIGKILL");
      await once(child, "close");
      acknowledged.push(...outcomes.items.filter(({ ok }) => ok).map(({ id }) => `${run}/${id}`));
      await batches.until((items) =>
        includesAll(
          idsOf(items),
          outcomes.items.map(({ id }) => id),
        ),
      );
    }

    const seen = await scanAll(harness.log, "requests");
    const extents = await harness.log.extents("requests");
    expect(extents).toHaveLength(3);
    expect(extents.reduce((sum, { start, end }) => sum + end - start, 0)).toBe(seen.length);
    expect(seen.length).toBeGreaterThanOrEqual(acknowledged.length);
    await batches.until((items) => idsOf(items).length >= seen.length);
    expect(idsOf(batches.items)).toHaveLength(seen.length);
    expect(offsetProblems(batches.items, { dense: true })).toEqual([]);
    for (const { partition } of extents) {
      const ids = idsOf(batches.items.filter((batch) => batch.partition === partition));
      expect(new Set(ids).size).toBe(ids.length);
    }
    expect(harness.errors).toEqual([]);
  },
  STARTS_TIMEOUT_MS,
);

test("a disk that takes only a part of a write: callers are told, later appends go elsewhere, what was acknowledged is kept", async () => {
  // The limit on a file's size makes the kernel cut writes short and then fail them, as a full disk does.
  const limited = `ulimit -f 64; exec "$@"`;
  const command = [
    process.execPath,
    "--import",
    "@oxc-node/core/register",
    SCRIPT,
    harness.directory,
    "limited",
    String(1 << 30),
    "40",
  ];
  const child = spawn("bash", ["-c", limited, "bash", ...command]);
  const outcomes = readOutcomes(child);
  const [status] = await once(child, "close");
  expect(status).toBe(0);

  const rejected = outcomes.items.filter(({ ok }) => !ok);
  const acknowledged = outcomes.items.filter(({ ok }) => ok).map(({ id }) => id);
  expect(rejected.length).toBeGreaterThan(0);
  expect(acknowledged.length + rejected.length).toBe(32 * 40);
  const ids = (await scanAll(harness.log, "requests")).map(idOf);
  expect(includesAll(ids, acknowledged)).toBe(true);
  expect(new Set(ids).size).toBe(ids.length);
  expect((await segmentsOf(harness.directory, "requests")).length).toBeGreaterThan(1);
});

test("while the directory is unusable appends reject and leave nothing pending; once it is back they work again", async () => {
  const topic = join(harness.directory, "requests");
  await rename(topic, `${topic}.away`);
  await writeFile(topic, "in the way");
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await expect(harness.log.append("requests", recordsOf("a", 2))).rejects.toBeInstanceOf(EventLogError);
  }
  expect(harness.log.pendingBytes()).toBe(0);
  await rm(topic);
  await rename(`${topic}.away`, topic);
  await harness.log.append("requests", recordsOf("a", 2));
  expect((await scanAll(harness.log, "requests")).map(textOf)).toEqual(['{"n":0}', '{"n":1}']);
});

test("appends above the limit of pending bytes are refused, those below it are kept", async () => {
  const log = await harness.open({ maxPendingBytes: 1_000 });
  const outcomes = await Promise.allSettled(
    recordsOf("a", 100).map((record) => log.append("requests", [record])),
  );
  const kept = outcomes.filter(({ status }) => status === "fulfilled");
  const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  expect(kept.length).toBeGreaterThan(0);
  expect(refused.length).toBeGreaterThan(0);
  for (const reason of refused) expect(reason).toBeInstanceOf(EventLogError);
  expect(await scanAll(log, "requests")).toHaveLength(kept.length);
  expect(log.pendingBytes()).toBe(0);
});

interface Outcome {
  readonly id: string;
  readonly ok: boolean;
}

function readOutcomes(child: ChildProcess) {
  const outcomes = createArrivals<Outcome>();
  if (child.stdout === null) throw new Error("the child has no output");
  createInterface(child.stdout).on("line", (line) => {
    const [, sign, id] = /^([+-]) (\d+-\d+)$/.exec(line) ?? [];
    // A line cut off by the kill was not read by anyone.
    if (sign && id) outcomes.add({ id, ok: sign === "+" });
  });
  child.stderr?.pipe(process.stderr);
  return outcomes;
}

function idsOf(batches: readonly LogBatch[]): string[] {
  return batches.flatMap(({ entries }) => entries.map(idOf));
}

function idOf({ value }: { readonly value: Buffer }): string {
  return JSON.parse(value.toString()).id;
}

function includesAll(all: readonly string[], wanted: readonly string[]): boolean {
  const set = new Set(all);
  return wanted.every((id) => set.has(id));
}
