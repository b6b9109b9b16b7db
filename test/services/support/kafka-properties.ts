import { join } from "node:path";

/** What clients have to show and speak; `keyFile` holds a private key and its certificate, in PEM. */
export interface ClientAccess {
  readonly user: string;
  readonly password: string;
  readonly mechanism: "PLAIN" | "SCRAM-SHA-512";
  readonly tlsKeyFile?: string;
}

export interface Node {
  /** From 1 on; the first one is the controller, too. */
  readonly id: number;
  readonly directory: string;
  readonly port: number;
  /** Where clients are told to come to. */
  readonly advertisedPort: number;
  /** For other brokers alone, so that what happens to clients' wires does not happen to replication. */
  readonly internalPort: number;
  readonly controllerPort: number;
  readonly brokers: number;
  readonly access?: ClientAccess | undefined;
}

const IP = "127.0.0.1";
const CONTROLLER_ID = 1;
/** A broker that is gone is noticed sooner than by default (nine seconds). */
const SESSION_TIMEOUT_MS = 3_000;
const HEARTBEAT_MS = 500;

/** A node's settings (KRaft), as the text of its file. */
export function nodeProperties(node: Node): string {
  const isController = node.id === CONTROLLER_ID;
  const listeners = [`CLIENTS://${IP}:${node.port}`, `BROKERS://${IP}:${node.internalPort}`];
  const advertised = [`CLIENTS://${IP}:${node.advertisedPort}`, `BROKERS://${IP}:${node.internalPort}`];
  const controller = `CONTROLLER://${IP}:${node.controllerPort}`;
  return Object.entries({
    "process.roles": isController ? "broker,controller" : "broker",
    "node.id": node.id,
    "controller.quorum.voters": `${CONTROLLER_ID}@${IP}:${node.controllerPort}`,
    listeners: [...listeners, ...(isController ? [controller] : [])].join(","),
    "advertised.listeners": advertised.join(","),
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "BROKERS",
    "listener.security.protocol.map": `CLIENTS:${protocolOf(node.access)},BROKERS:PLAINTEXT,CONTROLLER:PLAINTEXT`,
    "log.dirs": join(node.directory, "data"),
    "offsets.topic.replication.factor": node.brokers,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": node.brokers,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.replication.factor": node.brokers,
    "share.coordinator.state.topic.min.isr": 1,
    "group.initial.rebalance.delay.ms": 0,
    "auto.create.topics.enable": false,
    "broker.session.timeout.ms": SESSION_TIMEOUT_MS,
    "broker.heartbeat.interval.ms": HEARTBEAT_MS,
    ...accessProperties(node.access),
  })
    .map(([key, value]) => `${key}=${value}`)
    .join("\n");
}

function protocolOf(access: ClientAccess | undefined): string {
  if (access === undefined) return "PLAINTEXT";
  return access.tlsKeyFile === undefined ? "SASL_PLAINTEXT" : "SASL_SSL";
}

function accessProperties(access: ClientAccess | undefined): Record<string, string> {
  if (access === undefined) return {};
  const { mechanism, user, password, tlsKeyFile } = access;
  const listener = `listener.name.clients.${mechanism.toLowerCase()}`;
  const login =
    mechanism === "PLAIN"
      ? `org.apache.kafka.common.security.plain.PlainLoginModule required user_${user}="${password}";`
      : "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  return {
    "listener.name.clients.sasl.enabled.mechanisms": mechanism,
    [`${listener}.sasl.jaas.config`]: login,
    ...(tlsKeyFile === undefined ? {} : { "ssl.keystore.type": "PEM", "ssl.keystore.location": tlsKeyFile }),
  };
}

/** What formatting a node's directory must be told, so that the user is there from the start. */
export function formatArguments(access: ClientAccess | undefined): string[] {
  if (access?.mechanism !== "SCRAM-SHA-512") return [];
  return ["--add-scram", `SCRAM-SHA-512=[name=${access.user},password=${access.password}]`];
}
