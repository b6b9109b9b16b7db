/** A complete answer as a client got it, and what it had cost. */
export interface CachedAnswer {
  /** SHA-256 of the key's text, base64url. */
  readonly key: string;
  /** Whose it is: a hash of the user's id; empty: it is shared, `?`: it was made before owners were written down. */
  readonly owner: string;
  /** In which life of that id it was made (`Directory.lifeOf`). */
  readonly life: number;
  readonly kind: "json" | "stream";
  readonly contentType: string;
  readonly body: Buffer;
  readonly provider: string;
  readonly feature: string;
  /** Nano-dollars of the call that made it. */
  readonly costNano: number;
  /** Milliseconds from the request to the end of the answer, when it was made. */
  readonly madeMs: number;
  /** Milliseconds since the epoch. */
  readonly storedAtMs: number;
}

/** What an entry takes in memory besides its body: the key, the object, its place in the map, the head of its frame. */
const ENTRY_OVERHEAD_BYTES = 512;

export function bytesOf({ body }: CachedAnswer): number {
  return body.length + ENTRY_OVERHEAD_BYTES;
}
