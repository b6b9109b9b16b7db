import { expect, test } from "vitest";
import { loadConfig } from "../../config.ts";
import { parseKafkaUrl } from "../../ingest/kafka/kafka-url.ts";

test("a URL names brokers, account and parameters, and the rest has defaults", () => {
  expect(parseKafkaUrl("kafka://h1:9092,h2:9093")).toEqual({
    brokers: ["h1:9092", "h2:9093"],
    user: null,
    password: null,
    mechanism: "plain",
    tls: false,
    prefix: "vigor.",
    partitions: 12,
    replication: null,
    compression: "gzip",
  });
  const query = "tls=1&mechanism=scram-sha-512&prefix=a.&partitions=3&replication=2&compression=none";
  expect(parseKafkaUrl(`kafka://me:p%40ss%3A@h:1?${query}`)).toEqual({
    brokers: ["h:1"],
    user: "me",
    password: "p@ss:",
    mechanism: "scram-sha-512",
    tls: true,
    prefix: "a.",
    partitions: 3,
    replication: 2,
    compression: "none",
  });
});

test.each([
  ["kafka://", "must look like"],
  ["kafka://host", "host:port"],
  ["kafka://h:1?nonsense=1", '"nonsense"'],
  ["kafka://h:1?tls=yes", "tls"],
  ["kafka://h:1?partitions=0", "partitions"],
  ["kafka://u:secret@h:1?mechanism=md5", "mechanism"],
])("%s is refused with what is wrong, and without the password", (url, why) => {
  expect(() => parseKafkaUrl(url)).toThrow(why);
  expect(() => loadConfig({ EVENT_LOG_URL: url })).toThrow(why);
  expect(() => loadConfig({ EVENT_LOG_URL: url })).not.toThrow("secret");
});

test("each URL chooses its adapter", () => {
  const config = loadConfig({
    VIGOR_DATA_DIR: "/data",
    EVENT_LOG_URL: "kafka://h:1",
    USAGE_STORE_URL: "rediss://u:p@h:6379/1",
    USAGE_STORE_FAIL_OPEN_USD: "5",
    WAREHOUSE_URL: "http://u:p@h:8123/vigor",
    GATEWAY_URL: "http://balancer:8080/",
  });
  expect(config.eventLog).toMatchObject({ adapter: "kafka", spoolDirectory: "/data/spool" });
  expect(config.usageStore).toEqual({
    ...{ adapter: "redis", url: "rediss://u:p@h:6379/1", failOpenUsd: 5 },
    lineageFile: "/data/usage/redis.json",
  });
  expect(config.warehouse).toMatchObject({ adapter: "server", url: "http://u:p@h:8123/vigor" });
  expect(config.gatewayUrl).toBe("http://balancer:8080");
  const embedded = loadConfig({ VIGOR_DATA_DIR: "/data" });
  expect(embedded.eventLog).toEqual({ adapter: "embedded", directory: "/data/log" });
  expect(embedded.usageStore).toEqual({ adapter: "embedded", directory: "/data/usage" });
  expect(() => loadConfig({ USAGE_STORE_URL: "mysql://h" })).toThrow("redis://");
});
