import type { TestProject } from "vitest/node";
import { startKafkaServer } from "./kafka-server.ts";
import { startRedisServer } from "./redis-server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** `host:port` of a Kafka broker that all test files share; each uses names of its own. */
    kafkaBroker: string;
    /** Of a Redis that all test files share; each uses keys of its own. */
    redisUrl: string;
  }
}

let stop: () => Promise<void> = async () => {};

/** Starts the servers once for all test files. Fails, and never skips, when one is not installed. */
export async function setup(project: TestProject): Promise<void> {
  const [kafka, redis] = await Promise.all([startKafkaServer(), startRedisServer()]);
  stop = async () => {
    await Promise.all([kafka.close(), redis.close()]);
  };
  project.provide("kafkaBroker", kafka.broker);
  project.provide("redisUrl", redis.url);
}

export async function teardown(): Promise<void> {
  await stop();
}
