import { readdirSync, readFileSync } from "node:fs";
import type { Warehouse } from "./warehouse.ts";

/**
 * Makes every view of a directory anew; the file's name is the view's, its text the `SELECT`.
 * A view that reads another one comes after it. Returns the names in the order of creation.
 */
export async function createViews(warehouse: Warehouse, directory: URL): Promise<string[]> {
  const views = inOrderOfUse(readViews(directory));
  for (const { name, select } of views) {
    await warehouse.command(`CREATE OR REPLACE VIEW ${name} AS ${select}`);
  }
  return views.map(({ name }) => name);
}

interface View {
  readonly name: string;
  readonly select: string;
}

function readViews(directory: URL): View[] {
  const files = readdirSync(directory).filter((file) => file.endsWith(".sql"));
  return files.sort().map((file) => ({
    name: file.replace(/\.sql$/, ""),
    select: readFileSync(new URL(file, directory), "utf8").trim().replace(/;$/, ""),
  }));
}

function inOrderOfUse(views: readonly View[]): View[] {
  const ordered: View[] = [];
  let waiting = views;
  while (waiting.length > 0) {
    const ready = waiting.filter((view) => !waiting.some((other) => uses(view, other)));
    if (ready.length === 0) {
      throw new Error(`views use each other in a circle: ${waiting.map(({ name }) => name).join(", ")}`);
    }
    ordered.push(...ready);
    waiting = waiting.filter((view) => !ready.includes(view));
  }
  return ordered;
}

function uses(view: View, other: View): boolean {
  return view !== other && new RegExp(`\\b${other.name}\\b`).test(view.select);
}
