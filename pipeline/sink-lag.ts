import { z } from "zod";
import { type EventLog, TOPICS } from "../ingest/event-log.ts";
import { SINK_GROUP } from "../ingest/sink.ts";

const count = z.number().int().nonnegative();

/** How far the ingests are behind the log: entries written, but not yet done. */
export const sinkLag = z.object({
  lag: count,
  topics: z.array(
    z.object({
      topic: z.enum(TOPICS),
      lag: count,
      partitions: z.array(
        z.object({
          partition: z.string(),
          /** Behind the last entry (Kafka's high-water mark), and what the ingests have written down as done. */
          end: count,
          committed: count,
          lag: count,
        }),
      ),
    }),
  ),
});
export type SinkLag = z.infer<typeof sinkLag>;

/** Asks the log, not the ingests: also when none of them lives. */
export async function readSinkLag(log: EventLog): Promise<SinkLag> {
  const topics = await Promise.all(
    TOPICS.map(async (topic) => {
      const partitions = await log.lag(topic, SINK_GROUP);
      return { topic, lag: sum(partitions), partitions };
    }),
  );
  return { lag: sum(topics), topics };
}

function sum(parts: readonly { readonly lag: number }[]): number {
  return parts.reduce((total, { lag }) => total + lag, 0);
}
