/** Where a Kafka cluster is and how this deployment uses it. */
export interface KafkaSettings {
  readonly brokers: readonly string[];
  readonly user: string | null;
  readonly password: string | null;
  readonly mechanism: SaslMechanism;
  readonly tls: boolean;
  /** In front of every topic's and group's name, so that several deployments can share a cluster. */
  readonly prefix: string;
  /** Of the topic `requests`, when it is created. The other topics need fewer. */
  readonly partitions: number;
  /** When topics are created; null: as many as there are brokers, at most 3. */
  readonly replication: number | null;
  readonly compression: "gzip" | "none";
}

const MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512"] as const;
export type SaslMechanism = (typeof MECHANISMS)[number];

/** As many ingest processes can share the work. */
const DEFAULT_PARTITIONS = 12;
const MAX_PARTITIONS = 1_000;
const DEFAULT_PREFIX = "vigor.";
const SHAPE = /^kafka:\/\/(?:([^:@/?]+):([^@/?]*)@)?([^/?@]+)\/?(?:\?(.*))?$/;
const BROKER = /^[^:]+:\d{1,5}$/;
const PARAMETERS = ["tls", "mechanism", "prefix", "partitions", "replication", "compression"];

/**
 * `kafka://user:password@h1:9092,h2:9092?tls=1&mechanism=scram-sha-512&partitions=12&replication=3&compression=gzip&prefix=vigor.`
 * Everything but a broker is optional. Throws RangeError that says what is wrong, never with the password.
 */
export function parseKafkaUrl(url: string): KafkaSettings {
  const shape = SHAPE.exec(url);
  if (shape === null) throw new RangeError("must look like kafka://user:password@host:9092,host:9092?tls=1");
  const [, user, password, hosts = "", query = ""] = shape;
  const brokers = hosts.split(",");
  const odd = brokers.find((broker) => !BROKER.test(broker));
  if (odd !== undefined) throw new RangeError(`"${odd}" is not a broker's host:port`);
  const given = new URLSearchParams(query);
  const unknown = [...given.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined)
    throw new RangeError(`"${unknown}" is none of its parameters: ${PARAMETERS.join(", ")}`);
  const replication = given.get("replication");
  return {
    brokers,
    user: user === undefined ? null : decodeURIComponent(user),
    password: password === undefined ? null : decodeURIComponent(password),
    mechanism: oneOf("mechanism", given.get("mechanism") ?? "plain", MECHANISMS),
    tls: oneOf("tls", given.get("tls") ?? "0", ["0", "1"]) === "1",
    prefix: given.get("prefix") ?? DEFAULT_PREFIX,
    partitions: wholeNumber("partitions", given.get("partitions") ?? `${DEFAULT_PARTITIONS}`, MAX_PARTITIONS),
    replication: replication === null ? null : wholeNumber("replication", replication, MAX_PARTITIONS),
    compression: oneOf("compression", given.get("compression") ?? "gzip", ["gzip", "none"]),
  };
}

function oneOf<Value extends string>(name: string, value: string, allowed: readonly Value[]): Value {
  const known = allowed.find((one) => one === value);
  if (known === undefined) throw new RangeError(`${name} must be one of ${allowed.join(", ")}`);
  return known;
}

function wholeNumber(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > max)
    throw new RangeError(`${name} must be a whole number from 1 to ${max}`);
  return value;
}
