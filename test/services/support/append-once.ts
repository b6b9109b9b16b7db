import { openKafkaEventLog } from "../../../ingest/event-log.kafka.ts";
import { parseKafkaUrl } from "../../../ingest/kafka/kafka-url.ts";

/** Opens the log at the URL that is given, appends one record, and prints what came of it. */
const [, , url = ""] = process.argv;
try {
  const log = await openKafkaEventLog({
    settings: parseKafkaUrl(url),
    clientId: "append-once",
    onError: () => {},
  });
  await log.append("requests", [{ key: "a", value: Buffer.from("{}") }]);
  await log.close();
  process.stdout.write("appended\n");
} catch (error) {
  process.stdout.write(`refused: ${error instanceof Error ? error.message : String(error)}\n`);
}
