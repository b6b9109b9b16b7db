import type { Random } from "../models/simulation/random.ts";
import { drawInteger, pick } from "./random.ts";

type Schema = Readonly<Record<string, unknown>>;

/** Schemas may refer to themselves; below this depth optional parts are left out and lists are empty. */
const MAX_DEPTH = 6;

/** A value that fits the JSON schema, as far as structured outputs use it (OpenAI's subset, plus bounds and formats). */
export function exampleOf(schema: Schema, random: Random): unknown {
  return example(schema, { root: schema, random, depth: 0 });
}

interface Place {
  readonly root: Schema;
  readonly random: Random;
  readonly depth: number;
}

function example(schema: Schema, place: Place): unknown {
  const { random } = place;
  if (place.depth > 3 * MAX_DEPTH) return null;
  const inner = { ...place, depth: place.depth + 1 };
  if (typeof schema.$ref === "string") return example(resolve(schema.$ref, place.root), inner);
  if ("const" in schema) return schema.const;
  if (Array.isArray(schema.enum) && schema.enum.length > 0) return pick(random, schema.enum);
  const options = [schema.anyOf, schema.oneOf].find(Array.isArray);
  if (options !== undefined && options.length > 0) return example(chooseOption(options, place), inner);
  if (Array.isArray(schema.allOf))
    return example(Object.assign({}, schema, ...schema.allOf, { allOf: null }), inner);
  return exampleOfType(typeOf(schema, place), schema, inner);
}

function exampleOfType(type: string, schema: Schema, place: Place): unknown {
  switch (type) {
    case "object":
      return exampleObject(schema, place);
    case "array":
      return exampleArray(schema, place);
    case "integer":
      return exampleNumber(schema, place.random, 1);
    case "number":
      return exampleNumber(schema, place.random, 0.5);
    case "boolean":
      return place.random() < 0.5;
    case "null":
      return null;
    default:
      return exampleString(schema, place.random);
  }
}

function exampleObject(schema: Schema, place: Place): Record<string, unknown> {
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  const entries = Object.entries(asSchema(schema.properties)).filter(
    ([name]) => required.has(name) || place.depth <= MAX_DEPTH,
  );
  return Object.fromEntries(entries.map(([name, property]) => [name, example(asSchema(property), place)]));
}

function exampleArray(schema: Schema, place: Place): unknown[] {
  const least = numberOr(schema.minItems, 0);
  const most = Math.min(numberOr(schema.maxItems, least + 3), least + 3);
  const wanted =
    place.depth > MAX_DEPTH ? least : drawInteger(place.random, Math.min(Math.max(least, 1), most), most);
  return Array.from({ length: wanted }, () => example(asSchema(schema.items), place));
}

function exampleNumber(schema: Schema, random: Random, step: number): number {
  const unit = typeof schema.multipleOf === "number" ? schema.multipleOf : step;
  const above = typeof schema.exclusiveMinimum === "number" ? schema.exclusiveMinimum + unit : undefined;
  const below = typeof schema.exclusiveMaximum === "number" ? schema.exclusiveMaximum - unit : undefined;
  const high = numberOr(schema.maximum ?? below, Number.NaN);
  const low = numberOr(schema.minimum ?? above, Number.isNaN(high) ? 1 : Math.min(1, high));
  const top = Number.isNaN(high) ? low + 40 * unit : high;
  return (
    drawInteger(random, Math.ceil(low / unit), Math.max(Math.ceil(low / unit), Math.floor(top / unit))) * unit
  );
}

function exampleString(schema: Schema, random: Random): string {
  const format = typeof schema.format === "string" ? FORMATS[schema.format] : undefined;
  const text = format ?? `${pick(random, ADJECTIVES)} ${pick(random, NOUNS)}`;
  const padded = text.padEnd(numberOr(schema.minLength, 0), ".");
  return padded.slice(0, numberOr(schema.maxLength, padded.length));
}

/** The options without branches first once it is deep, so that recursive schemas end. */
function chooseOption(options: readonly unknown[], place: Place): Schema {
  const schemas = options.map(asSchema);
  const flat = schemas.filter((option) => !("$ref" in option) && option.type !== "object");
  return pick(place.random, place.depth > MAX_DEPTH && flat.length > 0 ? flat : schemas);
}

function typeOf(schema: Schema, place: Place): string {
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((type) => typeof type === "string");
    return place.depth > MAX_DEPTH && types.includes("null") ? "null" : (types[0] ?? "string");
  }
  if (typeof schema.type === "string") return schema.type;
  return "properties" in schema ? "object" : "string";
}

function resolve(reference: string, root: Schema): Schema {
  let found: unknown = root;
  for (const step of reference.replace(/^#\/?/, "").split("/")) {
    if (step !== "") found = asSchema(found)[step];
  }
  return asSchema(found);
}

function asSchema(value: unknown): Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

const FORMATS: Readonly<Record<string, string>> = {
  date: "2026-03-14",
  time: "18:30:00Z",
  "date-time": "2026-03-14T18:30:00Z",
  email: "coach@example.com",
  uri: "https://example.com/plan",
  uuid: "0198c0de-5eed-7a11-8b0b-feedbeef0001",
};
const ADJECTIVES = ["steady", "short", "easy", "strong", "balanced", "gentle"];
const NOUNS = ["run", "stretch", "interval", "squat", "breakfast", "recovery day"];
