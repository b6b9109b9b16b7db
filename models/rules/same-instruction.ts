import type { DirectiveInstruction } from "../domain/directive.ts";

/** Whether two directives tell the gateways the same thing; the order of keys does not matter, that of lists does. */
export function sameInstruction(a: DirectiveInstruction, b: DirectiveInstruction): boolean {
  return a.kind === b.kind && canonical(a.params) === canonical(b.params);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
