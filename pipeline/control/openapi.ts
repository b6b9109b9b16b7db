import { z } from "zod";
import { ERROR_CODES } from "../../models/domain/errors.ts";
import type { Route } from "./route.ts";

type JsonObject = Record<string, unknown>;

/** A call whose answer is not the JSON of a schema: a stream, or the panel's own. */
export interface PlainCall {
  readonly method: Route["method"];
  readonly path: string;
  readonly summary: string;
  readonly status: 200 | 201;
  readonly contentType: "application/json" | "text/event-stream";
  readonly body?: z.ZodType;
}

/** The OpenAPI 3.1 description of the control API, generated from the schemas that the calls are parsed with. */
export function openApiOf(routes: readonly Route[], plainCalls: readonly PlainCall[]): JsonObject {
  const paths: Record<string, JsonObject> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method]: operationOf(route) };
  }
  for (const { method, path, summary, status, contentType, body } of plainCalls) {
    const operation = {
      summary,
      parameters: [],
      ...requestBodyOf(body === undefined ? null : jsonSchema(body, "input")),
      responses: { [status]: { description: "done", content: { [contentType]: {} } }, default: FAILED },
    };
    paths[path] = { ...paths[path], [method]: operation };
  }
  return {
    openapi: "3.1.0",
    info: { title: "Vigor control API", version: "1" },
    security: [{ adminToken: [] }],
    paths,
    components: {
      securitySchemes: { adminToken: { type: "http", scheme: "bearer" } },
      schemas: { Error: ERROR_SCHEMA },
    },
  };
}

const ERROR_SCHEMA = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["message", "type", "code", "param"],
      properties: {
        message: { type: "string" },
        type: { type: "string" },
        code: { type: "string", enum: Object.keys(ERROR_CODES) },
        param: { type: ["string", "null"] },
      },
    },
  },
};

function operationOf({ path, summary, status, request, answer }: Route): JsonObject {
  const parts = request === null ? {} : jsonSchema(request, "input").properties;
  const body = partOf(parts, "body");
  return {
    summary,
    parameters: [...parametersOf(parts, "path", path), ...parametersOf(parts, "query", path)],
    ...requestBodyOf(body),
    responses: {
      [status]: {
        description: "done",
        content: { "application/json": { schema: jsonSchema(answer, "output") } },
      },
      default: FAILED,
    },
  };
}

const FAILED = {
  description: "an error",
  content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
};

function requestBodyOf(schema: JsonObject | null): JsonObject {
  return schema === null
    ? {}
    : { requestBody: { required: true, content: { "application/json": { schema } } } };
}

function parametersOf(parts: unknown, where: "path" | "query", path: string): JsonObject[] {
  const part = partOf(parts, where === "path" ? "params" : "query");
  const properties = part === null ? {} : (asObject(part.properties) ?? {});
  const required = Array.isArray(part?.required) ? part.required : [];
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: where,
    required: where === "path" ? path.includes(`:${name}`) : required.includes(name),
    schema,
  }));
}

function partOf(parts: unknown, name: string): JsonObject | null {
  return asObject(asObject(parts)?.[name]);
}

function asObject(value: unknown): JsonObject | null {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : null;
}

/** Inline definitions: what cannot be said in JSON Schema (a refinement in code) is left out. */
function jsonSchema(schema: z.ZodType, io: "input" | "output"): JsonObject {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    target: "draft-2020-12",
  });
  return rest;
}
