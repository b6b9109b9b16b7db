import net from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createGatewayServer } from "../../gateway/server.ts";
import { ERROR_CODES } from "../../models/domain/errors.ts";
import { ADMIN_TOKEN, startTestControl, type TestControl } from "../pipeline/test-control.ts";
import { startTestPipeline, type TestPipeline } from "../pipeline/test-pipeline.ts";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { report } from "./support/attempts.ts";
import { applicationOf, fillPath, listRoutes, type ServedRoute } from "./support/routes.ts";

/** Streams that never end by themselves, and files. */
const NOT_JSON: readonly string[] = [
  "/api/live",
  "/",
  "/panel/:file",
  "/reports",
  "/reports/*path",
  "/reports/",
  "/metrics",
];

const NESTED = 100_000;
const BODIES: Readonly<Record<string, string | Buffer>> = {
  nothing: "",
  "no JSON": "{",
  null: "null",
  "an array": "[]",
  "a string": '"x"',
  "a number beyond doubles": '{"model":1e400,"messages":1e400,"input":1e400}',
  "a prototype": '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}',
  "deep nesting": `{"messages":${"[".repeat(NESTED)}${"]".repeat(NESTED)}}`,
  "deep objects": `${'{"a":'.repeat(NESTED)}1${"}".repeat(NESTED)}`,
  "a key twice": '{"model":"auto","model":"dear","messages":[],"messages":[{"role":"user","content":"hi"}]}',
  "half a character":
    '{"model":"auto","name":"\\ud83d","reason":"\\ud83d","messages":[{"role":"user","content":"\\ud83d"}]}',
  "a zero byte": '{"model":"auto","name":"a\\u0000b","reason":"a\\u0000b","minutes":1}',
  "bytes that are no UTF-8": Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
  "wrong types":
    '{"model":{},"messages":{},"input":{},"user":[],"tier":[],"kind":[],"params":[],"reason":{},"minutes":"x","name":{}}',
  "too much": `{"name":"${"x".repeat(5 << 20)}"}`,
};
const SEGMENTS: readonly string[] = [
  "../../etc/passwd",
  "..%2f..%2fetc%2fpasswd",
  "a\u0000b",
  "x".repeat(8_000),
  "'; DROP TABLE users; --",
  "{id:String}",
  "__proto__",
  "constructor",
  "%",
  "\u202e",
];
const QUERIES: readonly string[] = [
  "?limit=-1",
  "?limit=1e999",
  "?limit=99999999999999999999",
  "?from=%27;DROP%20TABLE%20x;--&to=x",
  "?from=0000-00-00&to=9999-99-99&grain=day",
  "?search=%00",
  "?search=%ff",
  "?cursor=__proto__&series=constructor",
  "?a[]=1&a[b][c]=2&__proto__[x]=1",
  `?q=${"x".repeat(10_000)}`,
];

let gateway: TestGateway;
let control: TestControl;
/** With a real warehouse behind the routes. */
let pipeline: TestPipeline;
let targets: readonly Target[];

interface Target {
  readonly name: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly routes: readonly ServedRoute[];
}

beforeAll(async () => {
  gateway = await startTestGateway();
  pipeline = await startTestPipeline();
  const { warehouse } = pipeline.deps;
  const window = { used: 0, reserved: 0, limit: 1, endsAtMs: Date.now() };
  const spend = { stage: "normal", day: window, week: window, dayAllows: 1 } as const;
  control = await startTestControl({
    warehouse,
    gatewayTotals: async () => ({ events: 0, costNano: 0, spend }),
  });
  const server = createGatewayServer(gateway.running.gateway, { ready: () => true, serving: () => true });
  const served = (application: unknown) =>
    listRoutes(application).filter(({ path }) => !NOT_JSON.includes(path));
  const bearer = (token: string) => ({
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
  });
  targets = [
    {
      ...{ name: "gateway", url: gateway.url, routes: served(applicationOf(server)) },
      headers: { ...bearer(gateway.key), "x-vigor-user": "mallory" },
    },
    { name: "control API", url: control.url, headers: bearer(ADMIN_TOKEN), routes: served(control.app) },
  ];
});
afterAll(async () => {
  await control?.close();
  await pipeline?.close();
  await gateway?.close();
});

const errorBody = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** What an answer does that none may do, whatever was sent; null: nothing. A status above 499 is a fault of ours. */
async function judge(response: Response): Promise<string | null> {
  const text = await response.text();
  for (const secret of [ADMIN_TOKEN, gateway.key, gateway.adminToken])
    if (text.includes(secret)) return "a secret";
  if (/\n\s+at .*\(|node_modules|\/pipeline\/|\/gateway\//.test(text))
    return `internals: ${text.slice(0, 200)}`;
  if (response.status < 400) return null;
  const parsed = errorBody.safeParse(parseJson(text));
  if (!parsed.success) return `${response.status} without an error: ${text.slice(0, 200)}`;
  const { code } = parsed.data.error;
  if (!(code in ERROR_CODES)) return `the unknown code ${code}`;
  return response.status < 500 ? null : `${response.status} ${code}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

interface Attempt {
  readonly route: ServedRoute;
  readonly path: string;
  readonly body?: string | Buffer;
  readonly headers?: Record<string, string>;
}

async function attack(what: string, attemptsOn: (route: ServedRoute) => readonly Attempt[]): Promise<void> {
  for (const { name, url, headers, routes } of targets) {
    const faults: string[] = [];
    let tried = 0;
    for (const attempt of routes.flatMap(attemptsOn)) {
      tried += 1;
      const { route, path, body } = attempt;
      const response = await fetch(url + path, {
        method: route.method,
        headers: { ...headers, ...attempt.headers },
        ...(body === undefined ? {} : { body }),
      });
      const fault = await judge(response);
      if (fault !== null) faults.push(`${route.method} ${path.slice(0, 100)}: ${fault}`);
    }
    await report({ what: `${name}, ${what}`, tried, refused: tried - faults.length });
    expect(faults, name).toEqual([]);
  }
}

describe("with the right credential no route fails, tells internals or breaks by", () => {
  it.each(Object.entries(BODIES))("a body that is %s", async (what, body) => {
    await attack(`a body that is ${what}`, (route) =>
      route.method === "GET" ? [] : [{ route, path: fillPath(route.path), body }],
    );
  });

  it("what stands in its path", async () => {
    await attack("paths", (route) =>
      /[:*]/.test(route.path)
        ? SEGMENTS.map((segment) => ({
            ...{ route, path: fillPath(route.path, segment) },
            ...(route.method === "GET" ? {} : { body: "{}" }),
          }))
        : [],
    );
  });

  it("what stands in its query", async () => {
    await attack("queries", (route) =>
      route.method === "GET" ? QUERIES.map((query) => ({ route, path: fillPath(route.path) + query })) : [],
    );
  });

  it("what stands in its headers", async () => {
    const hostile: Record<string, string>[] = [
      { "x-vigor-user": "a b" },
      { "x-vigor-user": "é" },
      { "x-vigor-user": "x".repeat(4_000) },
      { "x-vigor-user": "'; DROP TABLE users; --" },
      { "x-vigor-feature": "../../etc" },
      { "x-vigor-country": "<script>" },
      { "content-type": "text/plain" },
      { "content-type": "application/json; charset=utf-7" },
      { "content-encoding": "gzip" },
      { traceparent: "00-zz-zz-zz" },
      { "x-http-method-override": "DELETE" },
    ];
    await attack("headers", (route) =>
      hostile.map((headers) => ({
        ...{ route, path: fillPath(route.path), headers },
        ...(route.method === "GET" ? {} : { body: "{}" }),
      })),
    );
  });

  it("and no prototype was changed, and both servers still answer", async () => {
    expect(Reflect.get({}, "isAdmin")).toBeUndefined();
    for (const { url } of targets) expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

describe("requests that a client library would not send", () => {
  const RAW: Readonly<Record<string, string>> = {
    "two lengths":
      "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a length and chunks":
      "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header in a header": "GET /v1/usage HTTP/1.1\r\nHost: x\r\nX-Vigor-User: a\nAuthorization: b\r\n\r\n",
    "a space before the colon": "GET /v1/usage HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer x\r\n\r\n",
    "headers without an end": `GET /v1/usage HTTP/1.1\r\nHost: x\r\nX-A: ${"x".repeat(100_000)}\r\n\r\n`,
    "no protocol": "hello\r\n\r\n",
    "a tunnel": "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a proxied address": "GET http://127.0.0.1:22/nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "an echo": "TRACE /v1/usage HTTP/1.1\r\nHost: x\r\nCookie: secret=1\r\nConnection: close\r\n\r\n",
  };

  it.each(Object.entries(RAW))("%s are refused by both servers, which go on", async (what, bytes) => {
    for (const { name, url } of targets) {
      const answer = await sendRaw(url, bytes);
      expect(answer, name).not.toMatch(/^HTTP\/1\.1 [235]/);
      expect(answer, name).not.toContain("secret=1");
      expect((await fetch(`${url}/healthz`)).status).toBe(200);
      await report({ what: `${name}, ${what} on the wire`, tried: 1, refused: 1 });
    }
  });
});

/** Everything that comes back until the server closes the connection. */
function sendRaw(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((done) => {
    let answer = "";
    const socket = net.connect({ host: hostname, port: Number(port) }, () => socket.write(bytes));
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      answer += chunk;
    });
    // It may be closed while we still write.
    socket.on("error", () => done(answer));
    socket.on("close", () => done(answer));
  });
}
