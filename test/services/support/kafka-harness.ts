import { randomUUID } from "node:crypto";
import { inject } from "vitest";
import { type KafkaEventLogOptions, openKafkaEventLog } from "../../../ingest/event-log.kafka.ts";
import type { EventLogError, RecordLog } from "../../../ingest/event-log.ts";
import { type KafkaSettings, parseKafkaUrl } from "../../../ingest/kafka/kafka-url.ts";
import type { EventLogHarness } from "../../contract/event-log.contract.ts";

export interface KafkaHarness extends EventLogHarness {
  readonly settings: KafkaSettings;
  readonly errors: readonly EventLogError[];
  open(options?: Partial<KafkaEventLogOptions>): Promise<RecordLog>;
}

/** Logs over topics of their own, in the broker that all tests share. */
export async function openKafkaHarness(): Promise<KafkaHarness> {
  const settings = testKafkaSettings(inject("kafkaBroker"));
  const errors: EventLogError[] = [];
  const logs: RecordLog[] = [];
  async function open(options: Partial<KafkaEventLogOptions> = {}): Promise<RecordLog> {
    const onError = (error: EventLogError) => errors.push(error);
    const log = await openKafkaEventLog({ settings, clientId: "test", onError, ...options });
    logs.push(log);
    return log;
  }
  return {
    settings,
    errors,
    log: await open(),
    open,
    reopen: (writer = "test") => open({ clientId: writer }),
    dispose: async () => {
      await Promise.all(logs.map((log) => log.close()));
    },
  };
}

export function testKafkaSettings(broker: string, partitions = 3): KafkaSettings {
  return parseKafkaUrl(kafkaUrl(broker, partitions));
}

/** Of a deployment of its own in a shared cluster. */
export function kafkaUrl(broker: string, partitions = 3): string {
  return `kafka://${broker}?prefix=t${randomUUID().slice(0, 8)}.&partitions=${partitions}`;
}
