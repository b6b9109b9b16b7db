import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestMachine, type TestMachine } from "../support/test-machine.ts";

let machine: TestMachine;
beforeAll(async () => {
  machine = await startTestMachine();
}, 90_000);
afterAll(() => machine.close(), 60_000);

it("after a start, a request, a restarted warehouse and a stop, no other user may read or list anything in the data directory", async () => {
  const answer = await fetch(`${machine.gatewayUrl}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${machine.key}`,
      "x-vigor-user": "ada",
      "content-type": "application/json",
    },
    body: JSON.stringify({ model: "auto", messages: [{ role: "user", content: "Hello" }] }),
  });
  expect(answer.status).toBe(200);
  await answer.text();
  await machine.kill("warehouse");
  await machine.stop();
  const dataDir = join(machine.directory, "data");
  const open: string[] = [];
  const names = await readdir(dataDir, { recursive: true });
  for (const name of ["", ...names]) {
    const facts = await lstat(join(dataDir, name));
    // A link has no rights of its own: what it leads to has.
    if (facts.isSymbolicLink()) continue;
    if ((facts.mode & 0o077) !== 0) open.push(`${name} ${(facts.mode & 0o777).toString(8)}`);
  }
  expect(open).toEqual([]);
  expect(names.length).toBeGreaterThan(20);
}, 120_000);
