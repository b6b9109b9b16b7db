import express, { type RequestHandler } from "express";
import { PublicError } from "../../models/domain/errors.ts";
import { InvalidJsonError, parseStorableJson } from "../../models/domain/json.ts";

/** Reads a body of at most `limit` (`256kb`) and parses what can be stored; a call without a body has none. */
export function jsonBody(limit: string): RequestHandler[] {
  return [
    express.raw({ limit, type: "application/json" }),
    (request, _response, next) => {
      const bytes: unknown = request.body;
      request.body = Buffer.isBuffer(bytes) && bytes.length > 0 ? parse(bytes) : undefined;
      next();
    },
  ];
}

function parse(bytes: Buffer): unknown {
  try {
    return parseStorableJson(bytes);
  } catch (error) {
    if (!(error instanceof InvalidJsonError)) throw error;
    throw new PublicError("invalid_json", `the body ${error.message}`, { cause: error });
  }
}
