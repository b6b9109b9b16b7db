import { createHash } from "node:crypto";
import { v4, v7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { FeedbackEvent } from "../../models/domain/feedback-event.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const DAY_MS = 86_400_000;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

async function rate(body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${gateway.url}/v1/feedback`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${gateway.key}`,
      "x-vigor-user": "ada",
      ...headers,
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const answer: unknown = await response.json();
  return { status: response.status, answer };
}

async function recorded() {
  const events: FeedbackEvent[] = [];
  for await (const event of gateway.log.scan("feedback", 0)) events.push(event);
  return events;
}

async function requestId(user = "ada"): Promise<string> {
  const response = await gateway.post(
    { model: "auto", messages: [{ role: "user", content: "hi" }] },
    { "x-vigor-user": user },
  );
  await response.text();
  return response.headers.get("x-vigor-request-id") ?? "";
}

it("a rating is in the log, under its request and its user, when it is answered", async () => {
  const request_id = await requestId();
  const { status, answer } = await rate({ request_id, rating: 4, comment: "good" });
  expect(status).toBe(200);
  const [event, ...others] = await recorded();
  expect(others).toEqual([]);
  expect(event).toMatchObject({ request_id, user_id: "ada", rating: 4, comment: "good", source: "live" });
  expect(answer).toEqual({ object: "feedback", id: event?.event_id, request_id, rating: 4 });
});

it("a comment is optional, and the user may be in the body", async () => {
  const request_id = await requestId("bob");
  expect((await rate({ request_id, rating: 1, user: "bob" }, { "x-vigor-user": "" })).status).toBe(200);
  expect((await recorded()).at(-1)).toMatchObject({ user_id: "bob", comment: "", rating: 1 });
});

it("a user may rate an answer again, through the same app", async () => {
  const request_id = await requestId();
  for (const rating of [1, 5]) expect((await rate({ request_id, rating })).status).toBe(200);
  expect((await recorded()).slice(-2)).toMatchObject([
    { request_id, rating: 1 },
    { request_id, rating: 5 },
  ]);
});

it.each<[string, () => Promise<{ request_id: string; user?: string }>]>([
  ["a request that was never made", async () => ({ request_id: v7() })],
  ["a request id of another kind than the gateways make", async () => ({ request_id: v4() })],
  ["another user's request", async () => ({ request_id: await requestId("bob") })],
  [
    "a request that is older than a week",
    async () => ({ request_id: v7({ msecs: Date.now() - 8 * DAY_MS }) }),
  ],
  ["a request of tomorrow", async () => ({ request_id: v7({ msecs: Date.now() + DAY_MS }) })],
])("a rating of %s is answered with not_found, and nothing is written", async (_what, ask) => {
  const { request_id } = await ask();
  const before = (await recorded()).length;
  const refused = await rate({ request_id, rating: 5 });
  expect(refused).toMatchObject({
    status: 404,
    answer: { error: { code: "not_found", param: "request_id" } },
  });
  expect(await recorded()).toHaveLength(before);
});

it("a rating through another app than the request's is answered with not_found", async () => {
  const other = "vk-another-app";
  const key_sha256 = createHash("sha256").update(other).digest("hex");
  const created = { type: "created", id: "other", name: "other", key_sha256, ts: Date.now() };
  await gateway.log.append("keys", [{ key: "other", value: Buffer.from(JSON.stringify(created)) }]);
  const request_id = await requestId();
  const refused = await rate({ request_id, rating: 5 }, { authorization: `Bearer ${other}` });
  expect(refused).toMatchObject({ status: 404, answer: { error: { code: "not_found" } } });
});

it("a rating of a request that an earlier process may have answered is written down", async () => {
  const request_id = v7({ msecs: Date.now() - DAY_MS });
  expect((await rate({ request_id, rating: 2 })).status).toBe(200);
  expect((await recorded()).at(-1)).toMatchObject({ request_id, rating: 2 });
});

it.each<[string, unknown, number, string, string | null]>([
  ["no request", { rating: 3 }, 400, "invalid_request", "request_id"],
  ["a request id that cannot be one", { request_id: "x", rating: 3 }, 400, "invalid_request", "request_id"],
  ["no rating", { request_id: crypto.randomUUID() }, 400, "invalid_request", "rating"],
  ["a rating of 0", { request_id: crypto.randomUUID(), rating: 0 }, 400, "invalid_request", "rating"],
  ["a rating of 6", { request_id: crypto.randomUUID(), rating: 6 }, 400, "invalid_request", "rating"],
  ["half a star", { request_id: crypto.randomUUID(), rating: 4.5 }, 400, "invalid_request", "rating"],
  [
    "a comment that is too long",
    { request_id: crypto.randomUUID(), rating: 4, comment: "x".repeat(2_001) },
    400,
    "invalid_request",
    "comment",
  ],
  [
    "a body that is too long",
    { request_id: crypto.randomUUID(), rating: 4, comment: "x".repeat(20_000) },
    413,
    "body_too_large",
    null,
  ],
  ["what is no JSON", "{", 400, "invalid_json", null],
  ["a list", "[]", 400, "invalid_request", ""],
])("%s is refused with a code, and nothing is written", async (_what, body, status, code, param) => {
  const before = (await recorded()).length;
  const refused = await rate(body);
  expect(refused.status).toBe(status);
  expect(refused.answer).toMatchObject({
    error: { code, ...(param === null ? {} : { param: param === "" ? expect.anything() : param }) },
  });
  expect(await recorded()).toHaveLength(before);
});

it("without a valid key, or without a user, nothing is written", async () => {
  const body = { request_id: crypto.randomUUID(), rating: 5 };
  expect((await rate(body, { authorization: "Bearer vk-wrong" })).answer).toMatchObject({
    error: { code: "invalid_key" },
  });
  expect((await rate(body, { "x-vigor-user": "" })).answer).toMatchObject({
    error: { code: "missing_user" },
  });
});
