import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ERROR_CODES } from "../../models/domain/errors.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const good = { model: "auto", user: "ada", messages: [{ role: "user", content: "hi" }] };
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ limits: { maxBodyBytes: 10_000 } });
});
afterAll(() => gateway.close());

describe("bad input", () => {
  it.each([
    ["malformed JSON", "{", {}, "invalid_json"],
    ["an empty body", "", {}, "invalid_json"],
    ["no object", "[]", {}, "invalid_request"],
    ["a wrong type", { ...good, stream: "yes" }, {}, "invalid_request"],
    ["a negative limit", { ...good, max_tokens: -1 }, {}, "invalid_request"],
    [
      "a body over the limit",
      { ...good, messages: [{ role: "user", content: "x".repeat(20_000) }] },
      {},
      "body_too_large",
    ],
    ["an unknown model", { ...good, model: "gpt-9" }, {}, "unknown_model"],
    ["no user", { ...good, user: undefined }, {}, "missing_user"],
    ["a user that cannot be one", good, { "x-vigor-user": "a b" }, "invalid_request"],
    ["a country that is none", good, { "x-vigor-country": "Germany" }, "invalid_request"],
    ["a wrong key", good, { authorization: "Bearer nope" }, "invalid_key"],
    ["no key", good, { authorization: "" }, "missing_key"],
    [
      "a parameter that makes the cost unbounded",
      { ...good, web_search_options: {} },
      {},
      "unsupported_parameter",
    ],
    ["a parameter that nobody knows", { ...good, turbo: true }, {}, "unsupported_parameter"],
  ])(
    "%s gets its code, OpenAI's shape, and no content back",
    async (_what, body, headers: Record<string, string>, code) => {
      const response = await gateway.post(body, headers);
      const answer: unknown = await response.json();
      expect(answer).toEqual({
        error: {
          code,
          type: expect.any(String),
          message: expect.any(String),
          param: expect.toSatisfy((param) => param === null || typeof param === "string"),
        },
      });
      expect(response.status).toBe(Object.entries(ERROR_CODES).find(([name]) => name === code)?.[1].status);
      expect(response.headers.get("content-type")).toBe("application/json");
    },
  );

  it("names the field in `param`", async () => {
    const response = await gateway.post({ ...good, messages: [{ content: "hi" }] });
    expect(await response.json()).toMatchObject({ error: { param: "messages.0.role" } });
  });

  it.each([
    ["POST", "/v1/nothing", 404, "not_found"],
    ["GET", "/v1/chat/completions", 405, "method_not_allowed"],
  ])("%s %s is told apart from a bug", async (method, path, status, code) => {
    const response = await fetch(gateway.url + path, { method });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code } });
  });

  it("leaves one denied event a request, unless nobody valid had asked", async () => {
    const before = (await gateway.events()).length;
    await gateway.post("{");
    await gateway.post(good, { authorization: "Bearer nope" });
    const added = (await gateway.events()).slice(before);
    expect(added).toHaveLength(1);
    expect(added[0]).toMatchObject({
      outcome: "denied",
      denial_reason: "invalid_json",
      http_status: 400,
      cost: 0,
    });
  });

  it("touches no counter", async () => {
    const usage = await fetch(`${gateway.url}/v1/usage`, {
      headers: { authorization: `Bearer ${gateway.key}`, "x-vigor-user": "ada" },
    });
    expect(await usage.json()).toMatchObject({
      scopes: { day: { used: 0, reserved: 0 }, week: { used: 0, reserved: 0 } },
    });
  });
});
