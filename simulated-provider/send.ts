import type { ServerResponse } from "node:http";
import { errorBody } from "./faults.ts";

/** An error in OpenAI's shape. */
export function sendError(response: ServerResponse, status: number, message: string, param?: string): void {
  if (status === 429 || status === 503) response.setHeader("retry-after", "1");
  sendJson(response, status, errorBody(status, message, param ?? null));
}

export function sendJson(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}
