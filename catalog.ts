import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import type { Logger } from "pino";
import { LineCounter, parseDocument } from "yaml";
import type { Catalog } from "./models/domain/catalog.ts";
import { type CatalogProblem, resolveCatalog } from "./models/domain/resolve-catalog.ts";
import { findHalfCharacter } from "./models/domain/text.ts";
import { checkCondition } from "./models/rules/condition.ts";
import { UserError } from "./runtime/user-error.ts";

/** The catalog of a running process. `current()` never changes under a caller: a reload replaces it as a whole. */
export interface CatalogSource {
  current(): Catalog;
  /** Called after each accepted reload. */
  onChange(listener: (catalog: Catalog) => void): void;
  /** Why the file as it is now was refused; empty when it is the one in use. */
  problems(): readonly CatalogProblem[];
  close(): void;
}

/** The file cannot be used; the message lists every problem, a line each. */
export class CatalogError extends UserError {
  readonly problems: readonly CatalogProblem[];

  constructor(file: string, problems: readonly CatalogProblem[]) {
    const lines = problems.map(({ path, message }) => `  ${path}: ${message}`);
    super(
      [
        `${file} cannot be used (${problems.length} problem${problems.length === 1 ? "" : "s"}):`,
        ...lines,
      ].join("\n"),
    );
    this.problems = problems;
  }
}

const RELOAD_POLL_MS = 500;
const MAX_CATALOG_BYTES = 1 << 20;

/**
 * Reads the catalog and follows the file. Throws {@link CatalogError} when it is bad at the start;
 * later a bad edit is logged and refused, and the one before stays in use.
 * The file is polled rather than watched: editors replace files, and mounted ones send no events.
 */
export async function openCatalog(file: string, logger: Logger): Promise<CatalogSource> {
  let stamp = await stampOf(file);
  let { catalog, warnings } = await loadCatalog(file);
  let problems: readonly CatalogProblem[] = [];
  const listeners: ((catalog: Catalog) => void)[] = [];
  for (const { path, message } of warnings) logger.warn({ path }, `${file}: ${message}`);

  const reload = async (): Promise<void> => {
    const current = await stampOf(file);
    if (current === stamp) return;
    stamp = current;
    try {
      const loaded = await loadCatalog(file);
      problems = [];
      if (loaded.catalog.version === catalog.version) return;
      logger.info({ from: catalog.version, to: loaded.catalog.version }, "the catalog was reloaded");
      catalog = loaded.catalog;
      warnings = loaded.warnings;
      for (const listener of listeners) listener(catalog);
    } catch (error) {
      if (!(error instanceof CatalogError)) throw error;
      problems = error.problems;
      logger.error(
        { inUse: catalog.version },
        `the edited catalog is refused, the one before stays in use: ${error.message}`,
      );
    }
  };

  let polling = false;
  const timer = setInterval(() => {
    if (polling) return;
    polling = true;
    reload()
      .catch((error: unknown) => logger.error({ err: error }, "the catalog could not be reloaded"))
      .finally(() => {
        polling = false;
      });
  }, RELOAD_POLL_MS);
  timer.unref();

  return {
    current: () => catalog,
    onChange: (listener) => listeners.push(listener),
    problems: () => problems,
    close: () => clearInterval(timer),
  };
}

/** Throws {@link CatalogError} with everything that is wrong. */
export async function loadCatalog(
  file: string,
): Promise<{ catalog: Catalog; warnings: readonly CatalogProblem[] }> {
  const text = await read(file);
  const document = parseYaml(file, text);
  const version = createHash("sha256").update(text).digest("hex").slice(0, 12);
  const resolved = resolveCatalog(document, { version, checkCondition });
  if (!resolved.ok) throw new CatalogError(file, resolved.problems);
  return resolved;
}

function parseYaml(file: string, text: string): unknown {
  try {
    const value = readYaml(file, text);
    const path = findHalfCharacter(value);
    if (path === null) return value;
    const message = "has half of a surrogate pair, which is not a character";
    throw new CatalogError(file, [{ path: path.join("."), message }]);
  } catch (error) {
    // An alias may stand in what it names, and so hold itself.
    if (!(error instanceof RangeError)) throw error;
    throw new CatalogError(file, [{ path: "(file)", message: "holds itself, or is nested too deeply" }]);
  }
}

function readYaml(file: string, text: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length === 0) return document.toJS({ maxAliasCount: 100 });
  throw new CatalogError(
    file,
    document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return {
        path: `line ${line}, column ${col}`,
        message: error.message.split("\n")[0] ?? "not valid YAML",
      };
    }),
  );
}

async function read(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_CATALOG_BYTES)
      throw new CatalogError(file, [{ path: "(file)", message: "is larger than 1 MiB" }]);
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof CatalogError) throw error;
    const message = "cannot be read: set CATALOG_FILE, or run in the folder that holds catalog.yaml";
    throw new CatalogError(file, [{ path: "(file)", message }]);
  }
}

/** Changes when the file does; a file that is missing for a moment (an editor's rename) counts as unchanged content later. */
async function stampOf(file: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(file);
    return `${mtimeMs}:${size}:${ino}`;
  } catch {
    return "missing";
  }
}
