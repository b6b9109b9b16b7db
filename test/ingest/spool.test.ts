import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import { EventLogError, type RecordLog } from "../../ingest/event-log.ts";
import { drainedOffsets } from "../../ingest/spool/drained-offsets.ts";
import {
  openSpooledEventLog,
  type SpooledEventLog,
  type SpooledEventLogOptions,
} from "../../ingest/spool/spooled-event-log.ts";
import { recordsOf, scanAll, textOf } from "../contract/arrivals.ts";
import { waitFor } from "../support/wait-for.ts";

let directory: string;
const logs: RecordLog[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-spool-"));
});
afterEach(async () => {
  await Promise.all(logs.splice(0).map((log) => log.close()));
  await rm(directory, { recursive: true, force: true });
});

async function openTarget(): Promise<RecordLog> {
  const log = await openEmbeddedEventLog({ directory: join(directory, "target"), writer: "target" });
  logs.push(log);
  return log;
}

async function openSpooled(
  target: RecordLog,
  more: Partial<SpooledEventLogOptions> = {},
): Promise<SpooledEventLog> {
  const at = join(directory, "spool");
  // The target's absence is the test's own.
  const spool = await openEmbeddedEventLog({ directory: at, writer: "gateway", onError: () => {} });
  const log = await openSpooledEventLog({
    spool,
    target,
    drainedTo: drainedOffsets(at),
    drainWaitMs: 500,
    ...more,
  });
  logs.push(log);
  return log;
}

/** A target that can be taken away. */
function breakable(target: RecordLog) {
  const state = { isAway: false, appends: 0 };
  const log: RecordLog = {
    ...target,
    append: (topic, records) => {
      state.appends += 1;
      return state.isAway ? Promise.reject(new EventLogError("away")) : target.append(topic, records);
    },
  };
  return { state, log };
}

const texts = async (log: RecordLog) => (await scanAll(log, "requests")).map(textOf);
const expected = (count: number, first = 0) =>
  recordsOf("a", count, first).map(({ value }) => value.toString());

test("while the target is away appends are acknowledged, and all come into it in order when it is back", async () => {
  const { state, log: target } = breakable(await openTarget());
  state.isAway = true;
  const log = await openSpooled(target);
  for (let first = 0; first < 100; first += 10) await log.append("requests", recordsOf("a", 10, first));
  await waitFor("a try", () => state.appends > 0);
  expect(await texts(target)).toEqual([]);
  state.isAway = false;
  await waitFor("the drain", async () => (await texts(target)).length === 100);
  expect(await texts(target)).toEqual(expected(100));
});

test("what was not drained before the end of a run is drained in the next one, and nothing twice after a clean stop", async () => {
  const { state, log: target } = breakable(await openTarget());
  // Its own close must not end the target, which the next run needs.
  const kept: RecordLog = { ...target, close: async () => {} };
  const first = await openSpooled(kept);
  await first.append("requests", recordsOf("a", 20));
  await waitFor("the drain", async () => (await texts(target)).length === 20);
  state.isAway = true;
  await first.append("requests", recordsOf("a", 30, 20));
  await first.close();
  state.isAway = false;
  const second = await openSpooled(kept);
  await second.append("requests", recordsOf("a", 5, 50));
  await waitFor("the drain", async () => (await texts(target)).length === 55);
  expect((await texts(target)).toSorted()).toEqual(expected(55).toSorted());
});

test("above its limit the spool refuses, and takes again when there is room", async () => {
  const { state, log: target } = breakable(await openTarget());
  state.isAway = true;
  const log = await openSpooled(target, { maxBacklog: 10 });
  await log.append("requests", recordsOf("a", 8));
  await expect(log.append("requests", recordsOf("a", 3))).rejects.toBeInstanceOf(EventLogError);
  await log.append("requests", recordsOf("a", 2, 8));
  state.isAway = false;
  // The target has a record a moment before the spool counts it as drained.
  expect(await log.whenDrained()).toBe(true);
  await log.append("requests", recordsOf("a", 10, 10));
  await waitFor("the drain", async () => (await texts(target)).length === 20);
  expect(await texts(target)).toEqual(expected(20));
});

test("a scan sees what was appended before it, drained or not", async () => {
  const { state, log: target } = breakable(await openTarget());
  const log = await openSpooled(target);
  await log.append("requests", recordsOf("a", 10));
  expect(await texts(log)).toEqual(expected(10));
  state.isAway = true;
  await log.append("requests", recordsOf("a", 5, 10));
  expect(new Set(await texts(log))).toEqual(new Set(expected(15)));
});
