import { eventLogContract } from "../contract/event-log.contract.ts";
import { openKafkaHarness } from "./support/kafka-harness.ts";

eventLogContract("Kafka", openKafkaHarness);
