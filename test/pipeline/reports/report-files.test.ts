import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compressSite } from "../../../pipeline/reports/compress-site.ts";
import { publishRelease } from "../../../pipeline/reports/releases.ts";
import { ADMIN_TOKEN, startTestControl, type TestControl } from "../test-control.ts";

const VIEWER_TOKEN = "a-viewer-token-for-tests";
let control: TestControl;
let dataDir = "";

beforeEach(async () => {
  // A name with a dot in front, as the default data directory has.
  dataDir = join(await mkdtemp(join(tmpdir(), "vigor-report-files-")), ".vigor");
  control = await startTestControl({ reportsDir: dataDir, viewerToken: VIEWER_TOKEN });
});
afterEach(async () => {
  await control.close();
  await rm(join(dataDir, ".."), { recursive: true, force: true });
});

async function publish(madeAtMs: number, files: Record<string, string>): Promise<void> {
  const site = join(dataDir, "new");
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(site, name, ".."), { recursive: true });
    await writeFile(join(site, name), text);
  }
  await compressSite(site);
  await publishRelease(dataDir, site, { madeAtMs, buildMs: 1, pages: 1 });
}

const get = (path: string, headers: Record<string, string> = { authorization: `Bearer ${VIEWER_TOKEN}` }) =>
  fetch(control.url + path, { headers, redirect: "manual" });

describe("/reports/", () => {
  beforeEach(() =>
    publish(1_000, {
      "index.html": "the summary",
      "spend/index.html": "the spend",
      "_app/immutable/old.js": `export const old = ${"1".repeat(2_000)};`,
    }),
  );

  it("shows the pages to an admin and to a viewer", async () => {
    for (const token of [ADMIN_TOKEN, VIEWER_TOKEN]) {
      const answer = await get("/reports/", { authorization: `Bearer ${token}` });
      expect([answer.status, await answer.text()]).toEqual([200, "the summary"]);
      expect(answer.headers.get("cache-control")).toBe("private, no-cache");
    }
    for (const path of ["/reports/spend", "/reports/spend/"])
      expect(await (await get(path)).text()).toBe("the spend");
  });

  it("shows nothing to anybody else: a page to a person, an error to a program", async () => {
    const person = await get("/reports/spend", { accept: "text/html" });
    expect(person.status).toBe(401);
    const page = await person.text();
    expect(page).toContain('href="/reports/spend"');
    expect(page).not.toContain("the spend");
    const program = await get("/reports/_app/immutable/old.js", {});
    expect(program.status).toBe(401);
    expect(await program.json()).toMatchObject({ error: { code: "missing_key" } });
    expect((await get("/reports/", { authorization: "Bearer wrong-wrong-wrong-wrong" })).status).toBe(401);
  });

  it("the sign-in page puts nothing of the address into itself that could be run", async () => {
    const answer = await get('/reports/x?"><script>alert(1)</script>', { accept: "text/html" });
    expect(await answer.text()).not.toContain("<script");
  });

  it("lets the pages load nothing from anywhere else", async () => {
    const policy = (await get("/reports/")).headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/https?:|\*/);
  });

  it("hands out no file outside of the release", async () => {
    await writeFile(join(dataDir, "admin-token"), "secret");
    for (const path of [
      "/reports/..%2f..%2fadmin-token",
      "/reports/%2e%2e/%2e%2e/admin-token",
      "/reports/..%5cadmin-token",
      "/reports/a%00b",
    ]) {
      const answer = await get(path);
      expect(answer.status, path).toBe(404);
      expect(await answer.text()).not.toContain("secret");
    }
    expect((await get("/reports/%E0%A4%A")).status).toBe(400);
  });

  it("sends the compressed file to who can read it, and the same bytes to who cannot", async () => {
    const script = "/reports/_app/immutable/old.js";
    const authorization = `Bearer ${VIEWER_TOKEN}`;
    const small = await get(script, { authorization, "accept-encoding": "gzip" });
    expect(small.headers.get("content-encoding")).toBe("gzip");
    const plain = await get(script, { authorization, "accept-encoding": "identity" });
    expect(plain.headers.get("content-encoding")).toBeNull();
    for (const answer of [small, plain]) {
      expect(answer.headers.get("content-type")).toMatch(/javascript/);
      expect(answer.headers.get("cache-control")).toContain("immutable");
    }
    expect(await small.text()).toBe(await plain.text());
  });

  it("whoever has an old page open still gets its files after a new release", async () => {
    await publish(2_000, { "index.html": "the new summary", "_app/immutable/new.js": "2" });
    expect(await (await get("/reports/")).text()).toBe("the new summary");
    expect((await get("/reports/_app/immutable/old.js")).status).toBe(200);
    // A page that the new release does not have is gone, whatever an older one had.
    expect((await get("/reports/spend")).status).toBe(404);
  });
});

it("before the first build it says how to make one", async () => {
  const answer = await get("/reports/");
  expect(answer.status).toBe(404);
  expect(await answer.text()).toContain("npm run reports");
});

it("nothing can be written there", async () => {
  const answer = await fetch(`${control.url}/reports/`, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
    body: "{}",
  });
  expect(answer.status).toBe(404);
});
