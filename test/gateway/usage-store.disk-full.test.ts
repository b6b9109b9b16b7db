import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openEmbeddedUsageStore } from "../../gateway/usage-store.embedded.ts";
import { UsageStoreError } from "../../gateway/usage-store.ts";
import { charge, reservation } from "../contract/usage-store.contract.ts";

const disk = vi.hoisted(() => ({ full: false }));

// A full disk takes a part of a write before it refuses the rest.
vi.mock("node:fs", async (original) => {
  const real = await original<typeof import("node:fs")>();
  const writeSync = (file: number, buffer: Buffer, offset: number, length: number, position: number) => {
    if (!disk.full) return real.writeSync(file, buffer, offset, length, position);
    real.writeSync(file, buffer, offset, length >> 1, position);
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
  };
  return { ...real, writeSync };
});

let directory: string;

beforeEach(async () => {
  disk.full = false;
  directory = await mkdtemp(path.join(tmpdir(), "vigor-usage-"));
});

afterEach(() => rm(directory, { recursive: true }));

const openStore = () => openEmbeddedUsageStore({ directory, now: Date.now });

test("a full disk refuses reservations and takes them back; what is settled meanwhile holds and is written when the disk is free", async () => {
  const store = await openStore();
  await store.reserve(reservation("before/0", [charge("k", 5, 100), charge("l", 5, 100)]));
  await store.reserve(reservation("released/0", [charge("k", 9, 100)]));
  disk.full = true;
  await expect(store.reserve(reservation("x/0", [charge("k", 7, 100)]))).rejects.toThrow(UsageStoreError);
  await expect(store.settle("before/0", [3, 4])).rejects.toThrow(UsageStoreError);
  await expect(store.release("released/0")).rejects.toThrow(UsageStoreError);
  expect(await store.read(["k", "l"])).toEqual([
    { used: 3, reserved: 0 },
    { used: 4, reserved: 0 },
  ]);
  expect(await store.settle("x/0", [7])).toBe(false);
  disk.full = false;
  expect(await store.reserve(reservation("y/0", [charge("k", 11, 100)]))).toEqual({ ok: true });
  await store.close();
  const again = await openStore();
  expect(await again.read(["k", "l"])).toEqual([
    { used: 3, reserved: 11 },
    { used: 4, reserved: 0 },
  ]);
  await again.close();
});

test("a settlement that overtakes the refusal of its own reservation still counts", async () => {
  const store = await openStore();
  disk.full = true;
  const reserved = store.reserve(reservation("a/0", [charge("k", 5, 100)]));
  const settled = store.settle("a/0", [2]);
  expect((await Promise.allSettled([reserved, settled])).map(({ status }) => status)).toEqual([
    "rejected",
    "rejected",
  ]);
  disk.full = false;
  await store.close();
  const again = await openStore();
  expect(await again.read(["k"])).toEqual([{ used: 2, reserved: 0 }]);
  await again.close();
});

test("what was settled on a full disk is written by itself when the disk is free", async () => {
  const store = await openStore();
  await store.reserve(reservation("a/0", [charge("k", 5, 100)]));
  disk.full = true;
  await expect(store.settle("a/0", [2])).rejects.toThrow(UsageStoreError);
  disk.full = false;
  await store.close();
  const again = await openStore();
  expect(await again.read(["k"])).toEqual([{ used: 2, reserved: 0 }]);
  await again.close();
});
