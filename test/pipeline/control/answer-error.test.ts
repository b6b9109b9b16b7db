import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import express from "express";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it } from "vitest";
import { answerError } from "../../../pipeline/control/answer-error.ts";
import { waitFor } from "../../support/wait-for.ts";

const LARGE_BYTES = 64 << 20;

let directory: string;
let server: http.Server;
let lines: string[];
let failed: unknown[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "vigor-answer-error-"));
  await writeFile(join(directory, "large"), Buffer.alloc(LARGE_BYTES));
  lines = [];
  failed = [];
  const logger = pino({ level: "error" }, { write: (line: string) => lines.push(line) });
  const app = express();
  app.get("/large", (_request, response, next) => {
    response.sendFile(join(directory, "large"), (error) => {
      failed.push(error);
      if (error) next(error);
    });
  });
  app.get("/broken", () => {
    throw new Error("a bug");
  });
  app.use(answerError(logger));
  server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

function ask(path: string): http.ClientRequest {
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return http.get({ host: "127.0.0.1", port, path });
}

it("a page that is closed while a file is on its way is no failure", async () => {
  const request = ask("/large").on("error", () => undefined);
  const [response] = (await once(request, "response")) as [http.IncomingMessage];
  await once(response, "data");
  request.destroy();
  await waitFor("the end of the file's way", () => failed.length === 1);
  expect(failed[0]).toMatchObject({ code: "ECONNABORTED" });
  expect(lines).toEqual([]);
});

it("a bug is told as such, and logged", async () => {
  const [response] = (await once(ask("/broken"), "response")) as [http.IncomingMessage];
  expect(response.statusCode).toBe(500);
  expect(lines.join("")).toContain("a bug");
});
