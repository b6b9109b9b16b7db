import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import kafkajs from "kafkajs";
import { expect, test } from "vitest";
import { useFastGzip } from "../../ingest/kafka/gzip-codec.ts";

const LARGER_THAN_A_CHUNK_BYTES = (16 << 20) + 12_345;

function codec() {
  useFastGzip();
  return kafkajs.CompressionCodecs[kafkajs.CompressionTypes.GZIP]();
}

test.each([
  ["nothing", Buffer.alloc(0)],
  ["one byte", Buffer.from("x")],
  ["what does not compress", randomBytes(200_000)],
  ["what is larger than the largest chunk", Buffer.alloc(LARGER_THAN_A_CHUNK_BYTES, "vigor")],
])("%s comes out as it went in", async (_what, bytes) => {
  const packed = await codec().compress({ buffer: bytes });
  expect((await codec().decompress(packed)).equals(bytes)).toBe(true);
});

test("what another client has compressed in several members is read whole, though its last length is that of one", async () => {
  const [first, second] = [Buffer.alloc(100_000, "a"), Buffer.from("b")];
  const packed = Buffer.concat([gzipSync(first), gzipSync(second)]);
  expect((await codec().decompress(packed)).equals(Buffer.concat([first, second]))).toBe(true);
});

test("bytes that are damaged or cut short are refused", async () => {
  const packed = gzipSync(randomBytes(10_000));
  await expect(codec().decompress(packed.subarray(0, 5_000))).rejects.toThrow();
  await expect(codec().decompress(Buffer.from("no gzip"))).rejects.toThrow();
  await expect(codec().decompress(Buffer.alloc(0))).rejects.toThrow();
});
