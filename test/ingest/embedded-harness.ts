import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EmbeddedEventLogOptions, openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import type { EventLogError, RecordLog, Topic } from "../../ingest/event-log.ts";
import type { EventLogHarness } from "../contract/event-log.contract.ts";

export interface EmbeddedHarness extends EventLogHarness {
  readonly directory: string;
  /** What was reported by any instance. */
  readonly errors: readonly EventLogError[];
  open(options?: Partial<EmbeddedEventLogOptions>): Promise<RecordLog>;
}

/** Embedded logs over one temporary directory. */
export async function openEmbeddedHarness(
  defaults: Partial<EmbeddedEventLogOptions> = {},
): Promise<EmbeddedHarness> {
  const directory = await mkdtemp(join(tmpdir(), "vigor-log-"));
  const errors: EventLogError[] = [];
  const logs: RecordLog[] = [];
  async function open(options: Partial<EmbeddedEventLogOptions> = {}): Promise<RecordLog> {
    const onError = (error: EventLogError) => errors.push(error);
    const log = await openEmbeddedEventLog({ directory, writer: "test", onError, ...defaults, ...options });
    logs.push(log);
    return log;
  }
  return {
    directory,
    errors,
    log: await open(),
    open,
    reopen: (writer = "test") => open({ writer }),
    async dispose() {
      await Promise.all(logs.map((log) => log.close()));
      await rm(directory, { recursive: true });
    },
  };
}

/** Full paths of a topic's segments, in reading order. */
export async function segmentsOf(directory: string, topic: Topic): Promise<string[]> {
  const names = await readdir(join(directory, topic), { recursive: true });
  return names
    .filter((name) => name.endsWith(".log"))
    .sort()
    .map((name) => join(directory, topic, name));
}
