import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRecorder } from "../../gateway/recorder.ts";
import { createGatewayServer } from "../../gateway/server.ts";
import type { RequestEvent } from "../../models/domain/request-event.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { makeRequestEvent } from "../warehouse/make-request-event.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ limits: { maxBodyBytes: 10_000 } });
});
afterAll(() => gateway.close());

const good = { model: "auto", user: "ada", messages: [{ role: "user", content: "hi" }] };

/** Without waiting for what is pending, as after a crash. */
async function inTheLog(): Promise<RequestEvent[]> {
  const events: RequestEvent[] = [];
  for await (const event of gateway.log.scan("requests", 0)) events.push(event);
  return events;
}

describe("a request that is denied before anything is reserved for it", () => {
  it.each([
    ["bad JSON", "{", "invalid_json"],
    ["an unknown model", { ...good, model: "gpt-9" }, "unknown_model"],
    ["no user", { ...good, user: undefined }, "missing_user"],
    ["a body that is too large", { ...good, x: "x".repeat(20_000) }, "body_too_large"],
  ])(
    "by %s is in the log when it is answered, so that a crash takes no event of it",
    async (_what, body, code) => {
      const response = await gateway.post(body);
      expect((await inTheLog()).at(-1)).toMatchObject({
        request_id: response.headers.get("x-request-id"),
        denial_reason: code,
        outcome: "denied",
      });
    },
  );

  it("because the gateway stops leaves its event, too", async () => {
    const stopping = { ready: () => false, serving: () => false };
    const server = createGatewayServer(gateway.running.gateway, stopping).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    for (const path of ["/v1/chat/completions", "/v1/responses", "/v1/embeddings"]) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${gateway.key}`, "content-type": "application/json" },
        body: JSON.stringify(good),
      });
      expect(response.status).toBe(503);
      expect((await inTheLog()).at(-1)).toMatchObject({
        request_id: response.headers.get("x-request-id"),
        denial_reason: "not_ready",
      });
    }
    server.close();
    server.closeAllConnections();
  });

  it("by a key that is not known leaves none, and is counted", async () => {
    const before = (await gateway.events()).length;
    await gateway.post(good, { authorization: "Bearer nope" });
    await gateway.post(good, { authorization: "" });
    expect(await gateway.events()).toHaveLength(before);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    for (const code of ["invalid_key", "missing_key"])
      expect(metrics).toContain(`vigor_requests_without_event_total{code="${code}"} 1`);
  });
});

it("while the log takes nothing, events of denials wait up to a limit, and beyond it are told to be left out", async () => {
  const never = new Promise<never>(() => {});
  const recorder = openRecorder({
    log: { ...gateway.log, append: () => never, pendingBytes: () => 0 },
    eventsBefore: 0,
    onError: () => {},
  });
  const event = makeRequestEvent({ outcome: "denied" });
  const settled = (): Promise<void> => Promise.resolve();
  while (recorder.accepting()) recorder.record(event, settled);
  const accepted = recorder.pending();
  for (let at = 0; at < accepted; at += 1) recorder.record(event, settled);
  expect(await recorder.recordDenial(event)).toBe(false);
  expect(recorder.pending()).toBe(2 * accepted);
});
