import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { waitFor } from "../support/wait-for.ts";
import { freePort } from "../warehouse/test-warehouse.ts";
import { type RunningChild, runChild } from "./support/child.ts";

const CONFIG = resolve(import.meta.dirname, "../../haproxy.cfg");
const START_TIMEOUT_MS = 15_000;

let directory: string;
let gateway: TestGateway;
let balancer: RunningChild;
let ports: { http: number; tls: number; internal: number };

/** Runs the file as it is, but for addresses and the certificate's folder. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-balancer-"));
  gateway = await startTestGateway();
  ports = { http: await freePort(), tls: await freePort(), internal: await freePort() };
  const { host } = new URL(gateway.url);
  const config = (await readFile(CONFIG, "utf8"))
    .replaceAll(/(server gateway-\d) \S+/g, `$1 ${host}`)
    .replace("maxconn 20000", "maxconn 100")
    .replace("bind :8080", `bind 127.0.0.1:${ports.http}`)
    .replace("bind :8443", `bind 127.0.0.1:${ports.tls}`)
    .replace("bind :8081", `bind 127.0.0.1:${ports.internal}`)
    .replace("/certificates/", `${directory}/`);
  const file = join(directory, "haproxy.cfg");
  await writeFile(file, config);
  await makeCertificate(directory, "vigor.pem");
  balancer = runChild("haproxy", ["-db", "-f", file], {
    env: { ...process.env, TLS_CERTIFICATE: "vigor.pem" },
  });
  await waitFor(
    "the balancer",
    async () => {
      if (balancer.hasEnded()) throw new Error(`the balancer ended:\n${balancer.output()}`);
      return (await get(`http://127.0.0.1:${ports.internal}/readyz`).catch(() => null))?.status === 200;
    },
    START_TIMEOUT_MS,
  );
});

afterAll(async () => {
  await balancer?.end("SIGKILL");
  await gateway?.close();
  await rm(directory, { recursive: true, force: true });
});

const HIDDEN = [
  ...["/metrics", "/readyz", "/internal/totals", "/api/keys", "/reports/", "/"],
  ...[
    "/METRICS",
    "//metrics",
    "/%6detrics",
    "/./metrics",
    "/v1",
    "/v1/../metrics",
    "/v1/%2e%2e/internal/totals",
  ],
];

describe.each(["http", "tls"] as const)("what apps reach over %s", (scheme) => {
  const url = (path: string) => `${scheme === "tls" ? "https" : "http"}://127.0.0.1:${ports[scheme]}${path}`;

  it.each(HIDDEN)("%s is answered 404 and tells nothing of the gateway", async (path) => {
    const answer = await get(url(path), { authorization: `Bearer ${gateway.adminToken}` });
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { code: "not_found" } });
  });

  it("an app's requests pass", async () => {
    const answer = await get(url("/v1/models"), { authorization: `Bearer ${gateway.key}` });
    expect(answer.status).toBe(200);
    expect((await get(url("/healthz"))).status).toBe(200);
  });
});

it("the pipeline reaches what the gateways tell about themselves on the port that is not published", async () => {
  const url = `http://127.0.0.1:${ports.internal}/internal/totals`;
  expect((await get(url, { authorization: `Bearer ${gateway.adminToken}` })).status).toBe(200);
  expect((await get(url)).status).toBe(401);
});

it("over TLS browsers are told to stay there", async () => {
  const { headers } = await get(`https://127.0.0.1:${ports.tls}/healthz`);
  expect(headers["strict-transport-security"]).toMatch(/max-age=\d+/);
});

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** The path goes out as it is: `fetch` would resolve its dots. */
function get(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  const [, scheme, hostname, port, path] = /^(https?):\/\/([^:]+):(\d+)(.*)$/.exec(url) ?? [];
  const client = scheme === "https" ? https : http;
  return new Promise((done, fail) => {
    const request = client.get(
      { hostname, port, path, headers, rejectUnauthorized: false, agent: false },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          body += chunk;
        });
        response.on("end", () => done({ status: response.statusCode ?? 0, headers: response.headers, body }));
      },
    );
    request.on("error", fail);
  });
}

async function makeCertificate(folder: string, name: string): Promise<void> {
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const subject = ["-subj", "/CN=localhost", "-days", "2"];
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, ...subject],
    { stdio: "ignore" },
  );
  await writeFile(join(folder, name), (await readFile(certificate, "utf8")) + (await readFile(key, "utf8")));
}
