const encoder = new TextEncoder();

/**
 * Where a user stands when a control is tried on a share of the users first: uniform in [0, 1), always the same for one user.
 * MurmurHash3 (x86, 32 bits, seed 0; Austin Appleby, public domain) of the id's UTF-8 bytes; the warehouse's `murmurHash3_32` is the
 * same function, so that a query finds the same users.
 */
export function userBucket(userId: string): number {
  return murmur3(encoder.encode(userId)) / 2 ** 32;
}

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

function murmur3(bytes: Uint8Array): number {
  const whole = bytes.length & ~3;
  let hash = 0;
  for (let at = 0; at < whole; at += 4) {
    const block =
      byteAt(bytes, at) |
      (byteAt(bytes, at + 1) << 8) |
      (byteAt(bytes, at + 2) << 16) |
      (byteAt(bytes, at + 3) << 24);
    hash ^= scrambled(block);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= whole; at -= 1) tail = (tail << 8) | byteAt(bytes, at);
  if (bytes.length > whole) hash ^= scrambled(tail);
  return finished(hash ^ bytes.length);
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function scrambled(block: number): number {
  const mixed = Math.imul(block, C1);
  return Math.imul((mixed << 15) | (mixed >>> 17), C2);
}

function finished(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
