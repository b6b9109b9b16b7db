import { CompressionTypes, type Kafka, type Message, Partitioners, type Producer } from "kafkajs";
import { EventLogError, type LogRecord, MAX_RECORD_BYTES } from "../event-log.ts";
import type { OnLogError } from "./client.ts";
import { MAX_BATCH_BYTES } from "./topics.ts";

export interface TopicProducer {
  /** Resolves when every record is acknowledged by all in-sync replicas. */
  append(topicName: string, records: readonly LogRecord[]): Promise<void>;
  pendingBytes(): number;
  /** Sends what is queued, then disconnects. Idempotent. */
  close(): Promise<void>;
}

export interface TopicProducerOptions {
  readonly kafka: Kafka;
  readonly compression: "gzip" | "none";
  readonly maxPendingBytes: number;
  readonly now: () => number;
  readonly onError: OnLogError;
}

interface QueuedRecords {
  readonly topicName: string;
  readonly messages: readonly Message[];
  readonly bytes: number;
  resolve(): void;
  reject(error: EventLogError): void;
}

const LINE_BREAK = 0x0a;
/** A message's own overhead, at most. */
const MESSAGE_OVERHEAD_BYTES = 64;

/**
 * One request at a time, with everything that has come meanwhile: the idempotent protocol numbers each partition's records, and
 * one request in flight keeps that order. A request whose outcome is unknown ends the numbering: with the same numbers, other
 * records would be taken for a repetition and be dropped. So a new producer (a new id) is opened after each failure.
 */
export function openTopicProducer(options: TopicProducerOptions): TopicProducer {
  const { kafka, maxPendingBytes, now, onError } = options;
  const compression = options.compression === "gzip" ? CompressionTypes.GZIP : CompressionTypes.None;
  const queue: QueuedRecords[] = [];
  let pendingBytes = 0;
  let producer: Promise<Producer> | null = null;
  let sending: Promise<void> | null = null;
  let closed: Promise<void> | null = null;

  async function sendRounds(): Promise<void> {
    while (queue.length > 0) await sendRound(takeRound(queue));
    sending = null;
  }

  async function sendRound(round: readonly QueuedRecords[]): Promise<void> {
    try {
      producer ??= connect(kafka);
      await (await producer).sendBatch({ acks: -1, compression, topicMessages: byTopic(round) });
      for (const { resolve } of round) resolve();
    } catch (cause) {
      const error = new EventLogError(`Kafka did not take ${round.length} appends: ${messageOf(cause)}`, {
        cause,
      });
      await abandon();
      for (const { reject } of round) reject(error);
    } finally {
      for (const { bytes } of round) pendingBytes -= bytes;
    }
  }

  async function abandon(): Promise<void> {
    const broken = producer;
    producer = null;
    try {
      await (await broken)?.disconnect();
    } catch (cause) {
      onError(new EventLogError("a broken producer could not be closed", { cause }));
    }
  }

  function enqueue(topicName: string, part: { messages: Message[]; bytes: number }): Promise<void> {
    pendingBytes += part.bytes;
    return new Promise((resolve, reject) => {
      queue.push({ topicName, ...part, resolve, reject });
      // In the next microtask, so that the appends of one turn share a request.
      sending ??= Promise.resolve().then(sendRounds);
    });
  }

  async function finish(): Promise<void> {
    await sending;
    const last = producer;
    producer = null;
    try {
      await (await last)?.disconnect();
    } catch (cause) {
      onError(new EventLogError("the producer could not be closed", { cause }));
    }
  }

  return {
    async append(topicName, records) {
      if (closed !== null) throw new EventLogError("the event log is closed");
      if (records.length === 0) return;
      const parts = partsOf(records, now());
      const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
      if (pendingBytes + bytes > maxPendingBytes)
        throw new EventLogError(`${pendingBytes} bytes wait for Kafka, at most ${maxPendingBytes}`);
      await Promise.all(parts.map((part) => enqueue(topicName, part)));
    },
    pendingBytes: () => pendingBytes,
    close: () => (closed ??= finish()),
  };
}

async function connect(kafka: Kafka): Promise<Producer> {
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  return producer;
}

/** Parts that fit into one request each; an append is rarely more than one. */
function partsOf(records: readonly LogRecord[], nowMs: number): { messages: Message[]; bytes: number }[] {
  const timestamp = String(Math.floor(nowMs));
  const parts: { messages: Message[]; bytes: number }[] = [];
  for (const { key, value } of records) {
    requireValue(value);
    const bytes = value.length + Buffer.byteLength(key) + MESSAGE_OVERHEAD_BYTES;
    const last = parts.at(-1);
    const message = { key, value, timestamp };
    if (last === undefined || last.bytes + bytes > MAX_BATCH_BYTES)
      parts.push({ messages: [message], bytes });
    else {
      last.messages.push(message);
      last.bytes += bytes;
    }
  }
  return parts;
}

function requireValue(value: Buffer): void {
  if (value.length > MAX_RECORD_BYTES)
    throw new EventLogError(`a record has ${value.length} bytes, at most ${MAX_RECORD_BYTES}`);
  if (value.includes(LINE_BREAK)) throw new EventLogError("a record may not have a line break");
}

function takeRound(queue: QueuedRecords[]): QueuedRecords[] {
  let total = 0;
  const tooMany = queue.findIndex(({ bytes }, index) => {
    total += bytes;
    return index > 0 && total > MAX_BATCH_BYTES;
  });
  return queue.splice(0, tooMany === -1 ? queue.length : tooMany);
}

function byTopic(round: readonly QueuedRecords[]): { topic: string; messages: Message[] }[] {
  const messagesOf = new Map<string, Message[]>();
  for (const { topicName, messages } of round) {
    const collected = messagesOf.get(topicName);
    if (collected === undefined) messagesOf.set(topicName, [...messages]);
    else collected.push(...messages);
  }
  return [...messagesOf].map(([topic, messages]) => ({ topic, messages }));
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
