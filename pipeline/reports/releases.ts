import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { restrictTree } from "../../runtime/private-files.ts";

/** What a release says of itself, in `release.json` beside its pages. */
const releaseFacts = z.object({
  /** Milliseconds since the epoch at which the build began: its numbers are of that time. */
  madeAtMs: z.number(),
  buildMs: z.number(),
  pages: z.number(),
});
export type ReleaseFacts = z.infer<typeof releaseFacts>;

export interface Release extends ReleaseFacts {
  readonly id: string;
}

/** Kept for whoever still has an older page open, which asks for its own files. */
const KEPT_RELEASES = 3;
const FACTS_FILE = "release.json";
const SITE = "site";

export function reportsDirectory(dataDir: string): string {
  return join(dataDir, "reports");
}

/** Where the pages of the release in force are; it may not exist. */
export function currentSite(dataDir: string): string {
  return join(reportsDirectory(dataDir), "current", SITE);
}

/** The pages of every release, the newest first: an old page's files may be in an older one. */
export async function allSites(dataDir: string): Promise<string[]> {
  const directory = join(reportsDirectory(dataDir), "releases");
  return (await namesIn(directory)).reverse().map((id) => join(directory, id, SITE));
}

/** Null: none was built yet. */
export async function currentRelease(dataDir: string): Promise<Release | null> {
  try {
    const text = await readFile(join(reportsDirectory(dataDir), "current", FACTS_FILE), "utf8");
    const facts = releaseFacts.parse(JSON.parse(text));
    return { id: releaseId(facts.madeAtMs), ...facts };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** An empty directory to build in; whatever builds that died have left behind is deleted. Only who holds the lock may call it. */
export async function openWorkDirectory(dataDir: string, madeAtMs: number): Promise<string> {
  const directory = join(reportsDirectory(dataDir), "work");
  await rm(directory, { recursive: true, force: true });
  const mine = join(directory, releaseId(madeAtMs));
  await mkdir(mine, { recursive: true });
  return mine;
}

/**
 * Makes finished pages the release in force. The link is swapped by a rename, so that a reader sees the old release or the new one,
 * and a crash at any point leaves one of them.
 */
export async function publishRelease(dataDir: string, site: string, facts: ReleaseFacts): Promise<Release> {
  const id = releaseId(facts.madeAtMs);
  const root = reportsDirectory(dataDir);
  const target = join(root, "releases", id);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  // Copied files keep the rights that they have in the repository and in packages.
  await restrictTree(site);
  await rename(site, join(target, SITE));
  await writeFile(join(target, FACTS_FILE), `${JSON.stringify(facts)}\n`);
  const draft = join(root, "current.next");
  await rm(draft, { force: true });
  await symlink(join("releases", id), draft);
  await rename(draft, join(root, "current"));
  await forgetOld(join(root, "releases"), id);
  return { id, ...facts };
}

/** Sorts as time goes. */
function releaseId(madeAtMs: number): string {
  return new Date(madeAtMs).toISOString().replaceAll(/[:.]/g, "-");
}

/** A clock that went back must not delete what was just made. */
async function forgetOld(directory: string, newest: string): Promise<void> {
  const others = (await namesIn(directory)).filter((name) => name !== newest);
  for (const name of others.slice(0, Math.max(0, others.length - KEPT_RELEASES + 1))) {
    await rm(join(directory, name), { recursive: true, force: true });
  }
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
