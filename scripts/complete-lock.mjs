// Puts back into package-lock.json the optional platform packages that npm left out because the registry at hand did not hold
// them: `npm ci` refuses a lock file that lacks any of them, on every platform. Run it after `npm install`; its argument is the
// package's directory, such as `reports`.
import { readFileSync, writeFileSync } from "node:fs";

const ROOT = new URL("../", import.meta.url);
const FILE = new URL("package-lock.json", new URL(`${process.argv[2] ?? "."}/`, ROOT));
const lock = JSON.parse(readFileSync(FILE, "utf8"));
const added = [];

for (const [owner, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    // A range cannot be completed without a registry; platform packages are pinned exactly.
    if (isHeld(owner, name) || !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) continue;
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

/** Node looks beside its user first, then further up. */
function isHeld(owner, name) {
  const places = owner
    .split("/node_modules/")
    .map((_part, index, parts) => parts.slice(0, index + 1).join("/node_modules/"));
  return ["", ...places].some(
    (place) => lock.packages[`${place === "" ? "" : `${place}/`}node_modules/${name}`] !== undefined,
  );
}

/** `@biomejs/cli-linux-x64-musl` -> linux, x64, musl: as these packages' own manifests say. */
function platformOf(name) {
  const [, os, cpu, abi] =
    /-(android|darwin|freebsd|linux|openbsd|openharmony|win32)-(arm64|arm|ia32|loong64|ppc64|riscv64|s390x|x64)(?:-(\w+))?$/.exec(
      name,
    ) ?? [];
  if (os === undefined || cpu === undefined) return {};
  const libc =
    os !== "linux" ? null : abi?.startsWith("musl") ? "musl" : abi?.startsWith("gnu") ? "glibc" : null;
  return { os: [os], cpu: [cpu], ...(libc === null ? {} : { libc: [libc] }) };
}
