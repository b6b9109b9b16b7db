import { randomFillSync } from "node:crypto";
import { v7 } from "uuid";

const RANDOM_BYTES = 16;
const UUIDS_A_FILL = 256;

/** UUIDs of version 7. Random bytes are asked for many at once: asking for each UUID costs more than all the rest of it. */
export function uuidSource(): () => string {
  const pool = new Uint8Array(RANDOM_BYTES * UUIDS_A_FILL);
  const random = new Uint8Array(RANDOM_BYTES);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    for (let at = 0; at < RANDOM_BYTES; at += 1) random[at] = pool[used + at] ?? 0;
    used += RANDOM_BYTES;
    return v7({ random });
  };
}
