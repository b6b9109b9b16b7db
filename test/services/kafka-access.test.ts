import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openKafkaEventLog } from "../../ingest/event-log.kafka.ts";
import { EventLogError } from "../../ingest/event-log.ts";
import { parseKafkaUrl } from "../../ingest/kafka/kafka-url.ts";
import { createArrivals, recordsOf, textOf } from "../contract/arrivals.ts";
import { runChild } from "./support/child.ts";
import { type KafkaServer, startKafkaServer } from "./support/kafka-server.ts";

const USER = "vigor";
/** With what must be escaped in a URL. */
const PASSWORD = "p@ss/word:1";
const PARAMETERS = "prefix=access.&partitions=1";
const run = promisify(execFile);

function urlOf(server: KafkaServer, more: string, password = PASSWORD): string {
  return `kafka://${USER}:${encodeURIComponent(password)}@${server.broker}?${PARAMETERS}&${more}`;
}

function open(url: string) {
  return openKafkaEventLog({ settings: parseKafkaUrl(url), clientId: "test", onError: () => {} });
}

const mechanisms = [
  { inKafka: "PLAIN", inUrl: "plain" },
  { inKafka: "SCRAM-SHA-512", inUrl: "scram-sha-512" },
] as const;

describe.each(mechanisms)("a Kafka that asks for a password ($inKafka)", ({ inKafka, inUrl }) => {
  let server: KafkaServer;
  beforeAll(async () => {
    server = await startKafkaServer({ access: { user: USER, password: PASSWORD, mechanism: inKafka } });
  });
  afterAll(() => server?.close());

  test("lets in who has it: what is appended is read again by a consumer of a group", async () => {
    const log = await open(urlOf(server, `mechanism=${inUrl}`));
    await log.append("requests", recordsOf("a", 3));
    const texts = createArrivals<string>();
    await log.consume({
      topic: "requests",
      group: "sink",
      startAt: async () => 0,
      eachBatch: async ({ entries }) => texts.add(...entries.map(textOf)),
    });
    await texts.untilCount(3);
    expect(texts.items).toEqual(recordsOf("a", 3).map(({ value }) => value.toString()));
    await log.close();
  });

  test("refuses a wrong password, an unknown mechanism's and none at all, and the error says so without the password", async () => {
    const wrong = await refusalOf(urlOf(server, `mechanism=${inUrl}`, "not the password"));
    expect(wrong).toMatch(/authentication/i);
    expect(wrong).not.toContain("not the password");
    const other = inUrl === "plain" ? "scram-sha-256" : "plain";
    expect(await refusalOf(urlOf(server, `mechanism=${other}`))).toMatch(/mechanism/i);
    expect(await refusalOf(`kafka://${server.broker}?${PARAMETERS}`)).toContain(server.broker);
  });
});

describe("a Kafka that speaks TLS, with a certificate of its own authority", () => {
  let server: KafkaServer;
  let directory: string;
  let certificate: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "vigor-tls-"));
    const key = join(directory, "key.pem");
    certificate = join(directory, "certificate.pem");
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    const files = ["-keyout", key, "-out", certificate];
    await run("openssl", [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      ...files,
      ...subject,
    ]);
    const tlsKeyFile = join(directory, "both.pem");
    await writeFile(tlsKeyFile, (await readFile(key, "utf8")) + (await readFile(certificate, "utf8")));
    server = await startKafkaServer({
      access: { user: USER, password: PASSWORD, mechanism: "PLAIN", tlsKeyFile },
    });
  });
  afterAll(async () => {
    await server?.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** Node reads its certificates once, when it starts: so in a process of its own, with the deployment's settings. */
  async function appendElsewhere(url: string, env: NodeJS.ProcessEnv): Promise<string> {
    const script = join(import.meta.dirname, "support/append-once.ts");
    const child = runChild(process.execPath, ["--import", "@oxc-node/core/register", script, url], {
      env: { ...process.env, ...env },
    });
    await child.ended;
    return child.output();
  }

  test("is written to by who trusts the authority, and by nobody else", async () => {
    const url = urlOf(server, "tls=1&mechanism=plain");
    expect(await appendElsewhere(url, { NODE_EXTRA_CA_CERTS: certificate })).toContain("appended");
    const untrusting = await appendElsewhere(url, { NODE_EXTRA_CA_CERTS: "" });
    expect(untrusting).toMatch(/self-signed certificate/);
    expect(untrusting).not.toContain("appended");
    expect(await refusalOf(urlOf(server, "mechanism=plain"))).toContain(server.broker);
  });
});

async function refusalOf(url: string): Promise<string> {
  const error: unknown = await open(url).then(
    (log) => log.close(),
    (refusal: unknown) => refusal,
  );
  expect(error).toBeInstanceOf(EventLogError);
  return error instanceof Error ? error.message : "";
}
