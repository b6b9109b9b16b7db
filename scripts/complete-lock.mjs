// Adds to package-lock.json what npm leaves out of it: the optional packages of other platforms (`npm ci` refuses a lock file
// that lacks any of them, on every platform) and integrity hashes (a package without one is installed unchecked). Run it after
// `npm install`; its argument is the package's directory, such as `reports`.
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";

const ROOT = new URL("../", import.meta.url);
const FILE = new URL("package-lock.json", new URL(`${process.argv[2] ?? "."}/`, ROOT));
const lock = JSON.parse(readFileSync(FILE, "utf8"));
const completed = [];
const unknown = [];

for (const [owner, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    // A range cannot be completed; platform packages are pinned exactly.
    if (isHeld(owner, name) || !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) continue;
    lock.packages[`node_modules/${name}`] = { version, ...(entry.dev ? { dev: true } : {}), optional: true };
  }
}

for (const [path, entry] of Object.entries(lock.packages)) {
  // Local folders and packages inside others' archives have no archive of their own.
  if (!path.includes("node_modules/") || entry.link || entry.inBundle || entry.integrity) continue;
  const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  const manifest = await readManifest(`${name}@${entry.version}`);
  if (manifest === null) {
    unknown.push(`${name}@${entry.version}`);
    continue;
  }
  const { os, cpu, libc, "dist.integrity": integrity } = manifest;
  lock.packages[path] = {
    version: entry.version,
    integrity,
    ...omitVersion(entry),
    ...listsOf({ os, cpu, libc }),
  };
  completed.push(`${name}@${entry.version}`);
}

const packages = Object.fromEntries(
  Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
);
writeFileSync(FILE, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`);
if (completed.length > 0) console.log(`completed ${completed.join(", ")}`);
if (unknown.length > 0) {
  console.error(
    `without a hash, because the registry does not hold them: ${unknown.join(", ")}; try another registry`,
  );
  process.exitCode = 1;
}

/** Node looks beside its user first, then further up. */
function isHeld(owner, name) {
  const places = owner
    .split("/node_modules/")
    .map((_part, index, parts) => parts.slice(0, index + 1).join("/node_modules/"));
  return ["", ...places].some(
    (place) => lock.packages[`${place === "" ? "" : `${place}/`}node_modules/${name}`] !== undefined,
  );
}

/** What the registry says of one version; null when it does not hold it. */
async function readManifest(spec) {
  const fields = ["os", "cpu", "libc", "dist.integrity"];
  const { stdout } = await promisify(execFile)("npm", ["view", "--json", spec, ...fields]).catch(
    (failure) => failure,
  );
  const manifest = JSON.parse(stdout);
  if (manifest.error?.code === "E404") return null;
  if (manifest.error !== undefined) throw new Error(`npm view ${spec}: ${manifest.error.summary}`);
  // With a single field that has a value, npm prints the value alone.
  return typeof manifest === "string" ? { "dist.integrity": manifest } : manifest;
}

function omitVersion({ version: _version, ...rest }) {
  return rest;
}

function listsOf(fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, [value].flat()]));
}
