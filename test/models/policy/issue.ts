import {
  type Directive,
  type DirectiveInstruction,
  directiveInstruction,
} from "../../../models/domain/directive.ts";
import { directiveId } from "../../../models/domain/ids.ts";

let issued = 0;

/** A directive in force, each with its own id. */
export function issue(
  instruction: DirectiveInstruction,
  more: { issuedAt?: number; expiresAt?: number } = {},
): Directive {
  issued += 1;
  const number = String(issued).padStart(12, "0");
  return {
    id: directiveId.parse(`01936000-0000-7000-8000-${number}`),
    issuedBy: { type: "admin", name: "test" },
    reason: "a test",
    evidence: null,
    issuedAt: more.issuedAt ?? 1,
    expiresAt: more.expiresAt ?? 8_000_000_000_000,
    ...directiveInstruction.parse(instruction),
  };
}
