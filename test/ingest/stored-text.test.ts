import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { TOPIC_CODECS } from "../../ingest/codec.ts";
import { decodeRecord, TOPIC_SCHEMAS } from "../../ingest/decode-record.ts";
import { openEmbeddedEventLog } from "../../ingest/event-log.embedded.ts";
import { type RecordLog, TOPICS, type Topic } from "../../ingest/event-log.ts";
import { type Sink, startSink } from "../../ingest/sink.ts";
import { parseStorableJson } from "../../models/domain/json.ts";
import { startTestWarehouse, type TestWarehouse } from "../warehouse/test-warehouse.ts";

/**
 * Records are made from the schemas of the topics, so that a field that is added to one is tried, too: every free text with what
 * no entrance refuses, from NUL to the end of Unicode.
 */
interface JsonSchema {
  readonly type?: unknown;
  readonly anyOf?: readonly unknown[];
  readonly oneOf?: readonly unknown[];
  readonly allOf?: readonly unknown[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly items?: unknown;
  readonly properties?: object;
  readonly propertyNames?: unknown;
  readonly additionalProperties?: unknown;
}

/** What a text with a pattern may be; a pattern without an entry fails the test. */
const PATTERNED: Readonly<Record<string, fc.Arbitrary<string>>> = {
  "^[\\x21-\\x7e]+$": fc
    .string({ unit: "grapheme-ascii", minLength: 1, maxLength: 20 })
    .map((text) => text.replaceAll(" ", "_")),
  "^[0-9a-f]{64}$": fc.constant("0f".repeat(32)),
  "^[a-z0-9][a-z0-9._-]*$": fc.constantFrom("free", "gpt-4o.mini", "0_a"),
};
const FORMATTED: Readonly<Record<string, fc.Arbitrary<string>>> = {
  uuid: fc.uuid({ version: 7 }),
  date: fc.constant("2026-01-31"),
};
const freeText = (maxLength = 60, minLength = 0): fc.Arbitrary<string> =>
  fc
    .string({ unit: "binary", minLength: Math.min(minLength, 60), maxLength: Math.min(maxLength, 60) })
    .map((text) => (text.length > maxLength ? "\u0000\ufffe" : text));

function valuesOf(schema: JsonSchema): fc.Arbitrary<unknown> {
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return fc.oneof(...options.map((option) => valuesOf(asSchema(option))));
  if (schema.allOf !== undefined)
    return fc
      .tuple(...schema.allOf.map((part) => valuesOf(asSchema(part))))
      .map((parts) => Object.assign({}, ...parts));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.type === "string") return textOf(schema);
  // Numbers are not what this is about; all of them are within every column's range.
  if (schema.type === "integer" || schema.type === "number") return numberOf(schema);
  if (schema.type === "boolean") return fc.boolean();
  if (schema.type === "null") return fc.constant(null);
  if (schema.type === "array") return fc.array(valuesOf(asSchema(schema.items)), { maxLength: 2 });
  if (schema.type === "object") return objectOf(schema);
  throw new Error(`no values are known for ${JSON.stringify(schema)}`);
}

function textOf({ pattern, format, minLength, maxLength }: JsonSchema): fc.Arbitrary<string> {
  if (format !== undefined && FORMATTED[format] !== undefined) return FORMATTED[format];
  if (pattern === undefined) return freeText(maxLength, minLength);
  const known = PATTERNED[pattern];
  if (known === undefined) throw new Error(`no texts are known for ${pattern}`);
  return known;
}

function numberOf({ minimum, exclusiveMinimum, maximum }: JsonSchema): fc.Arbitrary<number> {
  if (exclusiveMinimum === 0 && maximum === undefined) return fc.constant(0.5);
  return fc.constant(Math.min(Math.max(minimum ?? 1, exclusiveMinimum ?? 1, 1), maximum ?? 1));
}

/** Of this moment: some tables forget what is old. */
const NOW = fc.constant(Date.now());

function objectOf({ properties, propertyNames, additionalProperties }: JsonSchema): fc.Arbitrary<unknown> {
  const fields = Object.entries(properties ?? {}).map(
    ([name, field]) => [name, name === "ts" ? NOW : valuesOf(asSchema(field))] as const,
  );
  if (fields.length > 0) return fc.record(Object.fromEntries(fields));
  if (typeof additionalProperties !== "object" || additionalProperties === null) return fc.constant({});
  return fc.dictionary(textOf(asSchema(propertyNames)), valuesOf(additionalProperties), { maxKeys: 2 });
}

function asSchema(given: unknown): JsonSchema {
  if (typeof given !== "object" || given === null) throw new Error(`${String(given)} is no schema`);
  return given;
}

const topics = TOPICS.filter((topic) => topic !== "dead-letters");
const tables = topics.flatMap((topic) => {
  const codec = TOPIC_CODECS[topic];
  return codec === null ? [] : [[topic, codec.table] as const];
});
const recordsOf = (topic: Topic): fc.Arbitrary<unknown> =>
  valuesOf(asSchema(z.toJSONSchema(TOPIC_SCHEMAS[topic], { io: "output", unrepresentable: "any" })));
const RECORDS = 60;

let server: TestWarehouse;
let log: RecordLog;
let sink: Sink;
const failures: string[] = [];
beforeAll(async () => {
  server = await startTestWarehouse();
  log = await openEmbeddedEventLog({ directory: join(server.directory, "log"), writer: "test" });
  sink = await startSink({
    log,
    warehouse: server.warehouse,
    now: Date.now,
    onError: (error, what) => failures.push(`${what}: ${String(error)}`),
  });
});
afterAll(async () => {
  await sink.close();
  await log.close();
  await server.close();
});

describe("every text that the schema allows", () => {
  it.each(tables)(
    "of the topic %s comes into %s as it was written, and never to the dead letters",
    async (topic, table) => {
      const records = fc.sample(recordsOf(topic), RECORDS).map(asRecord);
      await log.append(
        topic,
        records.map((record, at) => ({ key: String(at), value: Buffer.from(JSON.stringify(record)) })),
      );
      await expect.poll(() => sink.lag(), { timeout: 30_000, interval: 50 }).toBe(0);
      expect(failures).toEqual([]);
      expect(sink.counts).toMatchObject({ deadLetters: 0, failures: 0 });
      const rows = await server.warehouse.query({
        sql: `SELECT * FROM ${table} ORDER BY log_offset`,
        row: z.record(z.string(), z.unknown()),
      });
      expect(rows).toHaveLength(RECORDS);
      for (const [at, row] of rows.entries()) {
        if (typeof row.event === "string") expect(JSON.parse(row.event)).toEqual(records[at]);
        for (const [field, text] of Object.entries(records[at] ?? {})) {
          if (typeof text === "string" && typeof row[field] === "string")
            expect([field, row[field]]).toEqual([field, text]);
        }
      }
    },
  );

  it.each(topics)("of the topic %s is one that the entrances and the sink take", (topic) => {
    fc.assert(
      fc.property(recordsOf(topic), (record) => {
        const bytes = Buffer.from(JSON.stringify(record));
        expect(parseStorableJson(bytes)).toEqual(record);
        expect(decodeRecord(topic, bytes)).toMatchObject({ kind: "event" });
      }),
      { numRuns: 30 },
    );
  });
});

function asRecord(given: unknown): Record<string, unknown> {
  return z.record(z.string(), z.unknown()).parse(given);
}
