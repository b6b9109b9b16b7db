import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startPipeline } from "../../pipeline/start.ts";
import { ADMIN_TOKEN, jsonObject } from "./test-control.ts";
import { startTestPipeline, type TestPipeline } from "./test-pipeline.ts";

let test: TestPipeline;
beforeAll(async () => {
  test = await startTestPipeline();
});
afterAll(() => test.close());

function options(port: number) {
  return {
    ...test.deps,
    host: "127.0.0.1",
    port,
    now: Date.now,
    adminToken: ADMIN_TOKEN,
    usageOf: async () => ({}),
  };
}

const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };

describe("startPipeline", () => {
  it("listens, runs the jobs of the start, and lets go of everything at the end", async () => {
    const pipeline = await startPipeline(options(0));
    const url = `http://127.0.0.1:${pipeline.port}`;
    await expect
      .poll(async () => JSON.stringify(await jsonObject(await fetch(`${url}/api/jobs`, { headers }))), {
        timeout: 10_000,
      })
      .toContain("not enough history");
    await pipeline.close();
    await expect(fetch(`${url}/healthz`)).rejects.toThrow();
    const again = await startPipeline(options(pipeline.port));
    await again.close();
  });

  it("a port that is taken is named, with the variable that changes it", async () => {
    const first = await startPipeline(options(0));
    await expect(startPipeline(options(first.port))).rejects.toThrow(
      `port ${first.port} is taken, so the control API cannot listen on it; set CONTROL_PORT to a free port`,
    );
    await first.close();
  });

  it("streams the live metrics, and closes although somebody watches", async () => {
    const pipeline = await startPipeline(options(0));
    const response = await fetch(`http://127.0.0.1:${pipeline.port}/api/live`, { headers });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while ((text.match(/event: realtime/g) ?? []).length < 2) text += (await reader?.read())?.value ?? "";
    expect(text).toContain('"requestsPerMinute":0');
    await pipeline.close();
  });

  it("tells live watchers that the warehouse is down instead of showing a zero", async () => {
    const warehouse = { ...test.deps.warehouse, query: async () => Promise.reject(new Error("down")) };
    const pipeline = await startPipeline({ ...options(0), warehouse });
    const response = await fetch(`http://127.0.0.1:${pipeline.port}/api/live`, { headers });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("event: problem")) text += (await reader?.read())?.value ?? "";
    expect(text).not.toContain("event: realtime");
    await pipeline.close();
  });
});
