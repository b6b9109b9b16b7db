import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { waitFor } from "../../support/wait-for.ts";
import { freePort } from "../../warehouse/test-warehouse.ts";
import { type RunningChild, runChild } from "./child.ts";

export interface KafkaServer {
  readonly broker: string;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

const LIBS = resolve(import.meta.dirname, "../../../.services/kafka/libs");
const START_TIMEOUT_MS = 60_000;
/** Small and quick to start: one broker for tests. */
const JVM_OPTIONS = ["-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];

/**
 * A real Kafka broker (KRaft, one node) on a free port, in a temporary directory. Clients may be told another port, where something
 * stands in between.
 */
export async function startKafkaServer(
  between?: (port: number) => Promise<{ readonly port: number }>,
): Promise<KafkaServer> {
  if (!existsSync(LIBS)) throw new Error("Kafka is not installed: run scripts/install-services.sh");
  const directory = await mkdtemp(join(tmpdir(), "vigor-kafka-"));
  const [port, controllerPort] = [await freePort(), await freePort()];
  const properties = join(directory, "server.properties");
  const advertisedPort = between === undefined ? port : (await between(port)).port;
  await writeFile(properties, serverProperties({ directory, port, controllerPort, advertisedPort }));
  const clusterId = randomUUID().replaceAll("-", "").slice(0, 22);
  const format = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", properties];
  await promisify(execFile)("java", [...JVM_OPTIONS, "-cp", `${LIBS}/*`, ...format]);
  let server = await start(properties, port);
  return {
    broker: `127.0.0.1:${advertisedPort}`,
    kill: () => server.end("SIGKILL"),
    async restart() {
      server = await start(properties, port);
    },
    async close() {
      await server.end("SIGKILL");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function start(properties: string, port: number): Promise<RunningChild> {
  const server = runChild("java", [...JVM_OPTIONS, "-cp", `${LIBS}/*`, "kafka.Kafka", properties]);
  await waitFor(
    "Kafka",
    () => {
      if (server.hasEnded()) throw new Error(`Kafka ended:\n${server.output()}`);
      return server.output().includes("Kafka Server started") && isListening(port);
    },
    START_TIMEOUT_MS,
  );
  return server;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => socket.end(() => done(true)));
    socket.once("error", () => done(false));
  });
}

interface Place {
  readonly directory: string;
  readonly port: number;
  readonly controllerPort: number;
  readonly advertisedPort: number;
}

function serverProperties(at: Place): string {
  const plain = `127.0.0.1:${at.port}`;
  return Object.entries({
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${at.controllerPort}`,
    listeners: `PLAINTEXT://${plain},CONTROLLER://127.0.0.1:${at.controllerPort}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${at.advertisedPort}`,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": join(at.directory, "data"),
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "group.initial.rebalance.delay.ms": 0,
    "auto.create.topics.enable": false,
  })
    .map(([key, value]) => `${key}=${value}`)
    .join("\n");
}
