import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  askWarehouse,
  NOBODY,
  type WarehouseIdentity,
  warehouseAttacks,
  warehouseIdentities,
} from "../support/warehouse-attacks.ts";
import { startTestWarehouse, type TestWarehouse } from "../warehouse/test-warehouse.ts";
import { report } from "./support/attempts.ts";

const SECRET = "what no reader may see";

let server: TestWarehouse;
let secretFile: string;
beforeAll(async () => {
  server = await startTestWarehouse();
  secretFile = join(server.directory, "secret.txt");
  await writeFile(secretFile, SECRET);
});
afterAll(() => server.close());

/** Those that got an answer, or a part of the secret. */
async function findPassed(what: string, url: string, identity: WarehouseIdentity): Promise<string[]> {
  const attacks = [...warehouseAttacks(secretFile), { aim: "files", sql: "SELECT 1" } as const];
  const tried = identity.name.startsWith("reports") ? attacks.slice(0, -1) : attacks;
  const passed: string[] = [];
  for (const attack of tried) {
    const { status, text } = await askWarehouse(url, identity, attack);
    if (status === 200 || text.includes(SECRET)) passed.push(`${attack.aim}: ${attack.sql}`);
  }
  await report({ what: `warehouse, ${what}`, tried: tried.length, refused: tried.length - passed.length });
  return passed;
}

describe("files, networks, processes, system tables, writes, settings, the listener and other users' rights are refused", () => {
  const doors = ["engine", "gate"] as const;
  const origin = (door: (typeof doors)[number]): string =>
    new URL(door === "engine" ? server.url : server.reportsUrl).origin;

  it.each(doors)("to nobody in particular at the %s, who gets no answer at all", async (door) => {
    expect(await findPassed(`nobody at the ${door}`, origin(door), NOBODY)).toEqual([]);
  });

  it.each(doors)(
    "to every user without the right password at the %s, by each way to say who asks",
    async (door) => {
      for (const user of ["default", "vigor", "reports"]) {
        for (const password of ["", "wrong"]) {
          for (const identity of warehouseIdentities(user, password)) {
            const stranger = { ...identity, name: `stranger as ${identity.name}` };
            const what = `${identity.name} with ${password === "" ? "no" : "a wrong"} password at the ${door}`;
            expect(await findPassed(what, origin(door), stranger), what).toEqual([]);
          }
        }
      }
    },
  );

  it("to readers with their password at the gate, by each way; and at the engine they get no answer at all", async () => {
    const { password } = new URL(server.reportsUrl);
    for (const reader of warehouseIdentities("reports", password)) {
      expect(await findPassed(`${reader.name} at the gate`, origin("gate"), reader)).toEqual([]);
      const stranger = { ...reader, name: `stranger as ${reader.name}` };
      expect(await findPassed(`${reader.name} at the engine`, origin("engine"), stranger)).toEqual([]);
    }
  });

  it("to the owner at the gate, which is for readers", async () => {
    const { username, password } = new URL(server.url);
    for (const owner of warehouseIdentities(username, password)) {
      expect(await findPassed(`${owner.name} at the gate`, origin("gate"), owner)).toEqual([]);
    }
  });

  it("and no file was written, and readers are still answered", async () => {
    expect(existsSync(`${secretFile}.written`)).toBe(false);
    const { password } = new URL(server.reportsUrl);
    const [reader = NOBODY] = warehouseIdentities("reports", password);
    const answer = await askWarehouse(origin("gate"), reader, {
      sql: "SELECT count() FROM vigor.request_events",
    });
    expect(answer).toMatchObject({ status: 200, text: "0\n" });
  });
});
