// Puts back into package-lock.json the optional platform packages that npm left out because the registry at hand did not hold
// them: `npm ci` refuses a lock file that lacks any of them, on every platform. Run it after `npm install`.
import { readFileSync, writeFileSync } from "node:fs";

const FILE = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(FILE, "utf8"));
const added = [];

for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    // A range cannot be completed without a registry; platform packages are pinned exactly.
    if (lock.packages[path] !== undefined || !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) continue;
    lock.packages[path] = {
      version,
      ...platformOf(name),
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
    };
    added.push(`${name}@${version}`);
  }
}

const packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
);
writeFileSync(FILE, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
console.log(added.length === 0 ? "the lock file is complete" : `added ${added.join(", ")}`);

/** `@biomejs/cli-linux-x64-musl` -> linux, x64, musl: as these packages' own manifests say. */
function platformOf(name) {
  const [, os, cpu, libc] = /-(linux|darwin|win32|android)-(x64|arm64)(?:-(musl|gnu))?$/.exec(name) ?? [];
  if (os === undefined || cpu === undefined) return {};
  return { os: [os], cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc === "gnu" ? "glibc" : libc] }) };
}
