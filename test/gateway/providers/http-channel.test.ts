import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type ByteStream, openHttpChannel } from "../../../gateway/providers/http-channel.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** The stream of a provider that sends all of it at once. */
async function streamOf(text: string): Promise<ByteStream> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const channel = openHttpChannel({ baseUrl: `http://127.0.0.1:${port}`, headers: {} });
  closing.push(async () => {
    await channel.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const answer = await channel.post({ path: "/", body: "{}", timeoutMs: 5_000 });
  if (answer.kind !== "stream") throw new Error(`a stream, not ${answer.kind}`);
  return answer.stream;
}

interface Read {
  readonly text: string;
  readonly end: "end" | "error";
}

function readAll(stream: ByteStream, onChunk: (chunk: Buffer) => void = () => {}): Promise<Read> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const finish = (end: Read["end"]) => () => resolve({ text: Buffer.concat(chunks).toString(), end });
    stream.start({
      onChunk(chunk) {
        chunks.push(chunk);
        onChunk(chunk);
      },
      onEnd: finish("end"),
      onError: finish("error"),
    });
  });
}

const numbered = (bytes: number): string => {
  let text = "";
  for (let at = 0; text.length < bytes; at += 1) text += `data: ${at}\n\n`;
  return text;
};

describe("a stream whose reader comes late", () => {
  it.each([1_000, 64 << 10, (64 << 10) + 20, 90_000, 1_000_000])(
    "is read whole and in order: %i bytes",
    async (bytes) => {
      const text = numbered(bytes);
      const stream = await streamOf(text);
      await delay(100);
      expect(await readAll(stream)).toEqual({ text, end: "end" });
    },
  );

  it("stays paused when its reader pauses at the first chunk, and goes on from there", async () => {
    const text = numbered(1_000_000);
    const stream = await streamOf(text);
    await delay(100);
    let isPaused = false;
    let readWhilePaused = 0;
    const read = readAll(stream, (chunk) => {
      if (isPaused) readWhilePaused += chunk.length;
      else stream.pause();
      isPaused = true;
    });
    await delay(100);
    // No more than what had come before, and one read of the socket.
    expect(readWhilePaused).toBeLessThanOrEqual(3 * (64 << 10));
    isPaused = false;
    stream.resume();
    // Each chunk pauses it again.
    const resuming = setInterval(() => {
      isPaused = false;
      stream.resume();
    }, 1);
    expect(await read).toEqual({ text, end: "end" });
    clearInterval(resuming);
  });

  it("hears nothing more after it has ended the call, be it within a chunk", async () => {
    const stream = await streamOf(numbered(300_000));
    await delay(100);
    let chunks = 0;
    void readAll(stream, () => {
      chunks += 1;
      stream.abort();
    });
    await delay(50);
    expect(chunks).toBe(1);
  });
});
