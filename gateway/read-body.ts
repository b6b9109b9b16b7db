import type { IncomingMessage } from "node:http";
import { PublicError } from "../models/domain/errors.ts";

/** Reads a request's body, at most `limitBytes` of it. Throws {@link PublicError} `body_too_large`, or an error when the client goes away. */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const announced = Number(request.headers["content-length"] ?? 0);
  if (announced > limitBytes) return Promise.reject(tooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limitBytes) {
        request.removeAllListeners("data");
        request.resume();
        reject(tooLarge(limitBytes));
        return;
      }
      chunks.push(chunk);
    });
    // Neither comes twice.
    request.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    // Whatever ends a request in the middle is the client's doing: it left, broke the framing, or took too long.
    request.on("error", (cause) => reject(new ClientGone({ cause })));
    // Every request closes; only one that was not complete has a reason to.
    request.on("close", () => {
      if (!request.complete) reject(new ClientGone());
    });
  });
}

/** The client closed its connection before the request was complete. */
export class ClientGone extends Error {
  constructor(options?: ErrorOptions) {
    super("the client went away", options);
    this.name = "ClientGone";
  }
}

function tooLarge(limitBytes: number): PublicError {
  return new PublicError("body_too_large", `the body is larger than ${limitBytes} bytes`);
}
