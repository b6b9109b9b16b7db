import type { IncomingMessage } from "node:http";
import { PublicError } from "../models/domain/errors.ts";

/** So much of a body that is too large is read to its end and thrown away: a client that still sends cannot read its answer. */
const MAX_DISCARDED_BYTES = 64 << 20;

/** Reads a request's body, at most `limitBytes` of it. Throws {@link PublicError} `body_too_large`, or {@link ClientGone}. */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const announced = Number(request.headers["content-length"] ?? 0);
  const maxBytes = limitBytes + MAX_DISCARDED_BYTES;
  if (announced > maxBytes) return Promise.reject(tooLarge(limitBytes));
  return new Promise((resolve, reject) => {
    let chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limitBytes) {
        chunks.push(chunk);
        return;
      }
      chunks = [];
      if (bytes <= maxBytes) return;
      request.removeAllListeners("data");
      request.resume();
      reject(tooLarge(limitBytes));
    });
    // Neither comes twice.
    request.on("end", () => {
      if (bytes > limitBytes) reject(tooLarge(limitBytes));
      else resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
    });
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
