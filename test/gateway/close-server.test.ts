import { createServer, type Server, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { closeable } from "../../gateway/close-server.ts";
import { waitFor } from "../support/wait-for.ts";

const DRAIN_MS = 500;
const LONG_MS = 60_000;

let server: Server;
let url: string;
afterEach(() => server.closeAllConnections());

async function listen(serve: (response: ServerResponse) => void): Promise<void> {
  server = createServer((_request, response) => serve(response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  url = typeof address === "object" && address !== null ? `http://127.0.0.1:${address.port}` : "";
}

test("a server that drains answers what comes, each answer the last one on its connection, and then nothing more", async () => {
  await listen((response) => response.end("answered"));
  const close = closeable(server, { drainMs: DRAIN_MS, maxWaitMs: LONG_MS });
  expect((await fetch(url)).headers.get("connection")).toBe("keep-alive");
  let closed = false;
  const closing = close().then(() => {
    closed = true;
  });
  for (let at = 0; at < 3; at++) {
    const response = await fetch(url);
    expect([response.headers.get("connection"), await response.text(), closed]).toEqual([
      "close",
      "answered",
      false,
    ]);
  }
  await closing;
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});

test("requests that still come when the drain's time is over are answered: the drain goes on until none comes", async () => {
  await listen((response) => response.end("answered"));
  const close = closeable(server, { drainMs: DRAIN_MS, maxWaitMs: LONG_MS });
  let isOver = false;
  const over = delay(DRAIN_MS).then(() => {
    isOver = true;
  });
  const closing = close();
  for (let answersAfterIt = 0; answersAfterIt < 3; ) {
    expect(await (await fetch(url)).text()).toBe("answered");
    if (isOver) answersAfterIt += 1;
  }
  await Promise.all([over, closing]);
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});

test("a connection whose request was under way when the drain began ends with its answer", async () => {
  const responses: ServerResponse[] = [];
  await listen((response) => responses.push(response));
  const close = closeable(server, { drainMs: DRAIN_MS, maxWaitMs: LONG_MS });
  const answer = fetch(url);
  const [response] = await waitFor("the request", () => responses.length > 0 && responses);
  const closing = close();
  response?.end("answered");
  expect((await answer).headers.get("connection")).toBe("close");
  await closing;
});

test("an answer that is under way is finished before the server is closed", async () => {
  const responses: ServerResponse[] = [];
  await listen((response) => {
    response.write("half of it, ");
    responses.push(response);
  });
  const close = closeable(server, { drainMs: 0, maxWaitMs: LONG_MS });
  const answer = fetch(url).then((response) => response.text());
  const [response] = await waitFor("the request", () => responses.length > 0 && responses);
  const closing = close();
  response?.end("and the rest");
  expect(await answer).toBe("half of it, and the rest");
  await closing;
});

test("an answer that does not end is cut off after the bound", async () => {
  let asked = false;
  await listen(() => {
    asked = true;
  });
  const close = closeable(server, { drainMs: 0, maxWaitMs: 50 });
  const answer = fetch(url).catch((error: unknown) => error);
  await waitFor("the request", () => asked);
  await close();
  expect(await answer).toBeInstanceOf(TypeError);
});
