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
import { type ClientAccess, formatArguments, type Node, nodeProperties } from "./kafka-properties.ts";

export interface KafkaServer {
  /** All brokers: `host:port,host:port`. */
  readonly broker: string;
  /** `kill -9` of all brokers. */
  kill(): Promise<void>;
  /** Starts them again on the same data and ports. */
  restart(): Promise<void>;
  /** `kill -9` of the last broker alone; the cluster goes on without it when there is more than one. */
  killOne(): Promise<void>;
  restartOne(): Promise<void>;
  close(): Promise<void>;
}

export interface KafkaServerOptions {
  /** Default 1. */
  readonly brokers?: number;
  /** Clients are told another port for each broker, where something stands in between. */
  readonly between?: (port: number) => Promise<{ readonly port: number }>;
  /** Default: anybody may come. */
  readonly access?: ClientAccess;
}

const LIBS = resolve(import.meta.dirname, "../../../.services/kafka/libs");
const START_TIMEOUT_MS = 60_000;
/** Small and quick to start. */
const JVM_OPTIONS = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"];
const HEAP_OF_ONE = "-Xmx512m";
const HEAP_OF_SEVERAL = "-Xmx320m";

/** Real Kafka brokers (KRaft, one controller) on free ports, in a temporary directory. */
export async function startKafkaServer(options: KafkaServerOptions = {}): Promise<KafkaServer> {
  if (!existsSync(LIBS)) throw new Error("Kafka is not installed: run scripts/install-services.sh");
  const directory = await mkdtemp(join(tmpdir(), "vigor-kafka-"));
  const { brokers = 1 } = options;
  const clusterId = randomUUID().replaceAll("-", "").slice(0, 22);
  const controllerPort = await freePort();
  const nodes: RunnableNode[] = [];
  for (let id = 1; id <= brokers; id += 1)
    nodes.push(await prepareNode({ ...options, id, brokers, controllerPort, directory, clusterId }));
  const startAll = () => Promise.all(nodes.map((node) => node.start()));
  const killAll = () => Promise.all(nodes.map((node) => node.kill()));
  const last = nodes.at(-1);
  await startAll();
  return {
    broker: nodes.map(({ advertisedPort }) => `127.0.0.1:${advertisedPort}`).join(","),
    async kill() {
      await killAll();
    },
    async restart() {
      await startAll();
    },
    async killOne() {
      await last?.kill();
    },
    async restartOne() {
      await last?.start();
    },
    async close() {
      await killAll();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface RunnableNode {
  readonly advertisedPort: number;
  start(): Promise<void>;
  kill(): Promise<void>;
}

interface Preparation extends KafkaServerOptions {
  readonly id: number;
  readonly brokers: number;
  readonly controllerPort: number;
  readonly directory: string;
  readonly clusterId: string;
}

async function prepareNode(given: Preparation): Promise<RunnableNode> {
  const [port, internalPort] = [await freePort(), await freePort()];
  const advertisedPort = given.between === undefined ? port : (await given.between(port)).port;
  const directory = join(given.directory, String(given.id));
  const node: Node = { ...given, directory, port, internalPort, advertisedPort };
  const properties = `${directory}.properties`;
  await writeFile(properties, nodeProperties(node));
  const format = ["kafka.tools.StorageTool", "format", "-t", given.clusterId, "-c", properties];
  const java = [...JVM_OPTIONS, node.brokers === 1 ? HEAP_OF_ONE : HEAP_OF_SEVERAL, "-cp", `${LIBS}/*`];
  await promisify(execFile)("java", [...java, ...format, ...formatArguments(given.access)]);
  let server: RunningChild | null = null;
  return {
    advertisedPort,
    async start() {
      server = await startNode([...java, "kafka.Kafka", properties], port);
    },
    async kill() {
      await server?.end("SIGKILL");
    },
  };
}

async function startNode(args: readonly string[], port: number): Promise<RunningChild> {
  const server = runChild("java", args);
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
