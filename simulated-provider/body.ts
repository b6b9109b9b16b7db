import type { IncomingMessage } from "node:http";

export interface Body {
  readonly bytes: Buffer;
  /** Undefined: it is not valid JSON. */
  readonly json: unknown;
}

const MAX_BODY_BYTES = 32 << 20;

/** Null: the body is larger than the limit. Rejects when the client breaks off. */
export function readBody(request: IncomingMessage): Promise<Body | null> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    request.on("data", (part: Buffer) => {
      size += part.length;
      if (size <= MAX_BODY_BYTES) parts.push(part);
    });
    request.once("end", () => {
      if (size > MAX_BODY_BYTES) return resolve(null);
      const bytes = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
      resolve({ bytes, json: parse(bytes) });
    });
    request.once("error", reject);
  });
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
