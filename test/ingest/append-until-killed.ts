import { openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import { EventLogError, type Topic } from "../../ingest/event-log.ts";

/**
 * `append-until-killed.ts <directory> <writer> <segment bytes> <appends of each caller>`: appends from many callers at once and prints a line for
 * every append that was acknowledged (`+ <caller>-<n>`) or rejected (`- <caller>-<n>`), after the fact.
 */
const CALLERS = 32;
const TOPIC: Topic = "requests";
const [directory = "", writer = "", segmentBytes = "", appends = ""] = process.argv.slice(2);
const log = await openEmbeddedEventLog({ directory, writer, segmentBytes: Number(segmentBytes) });

async function call(caller: number): Promise<void> {
  for (let n = 0; n < Number(appends); n += 1) {
    const id = `${caller}-${n}`;
    const value = Buffer.from(
      JSON.stringify({ id, padding: "x".repeat(1 + ((caller * 37 + n * 11) % 900)) }),
    );
    try {
      await log.append(TOPIC, [{ key: `caller-${caller}`, value }]);
      process.stdout.write(`+ ${id}\n`);
    } catch (error) {
      if (!(error instanceof EventLogError)) throw error;
      process.stdout.write(`- ${id}\n`);
    }
  }
}

await Promise.all(Array.from({ length: CALLERS }, (_, caller) => call(caller)));
await log.close();
