import { UserError } from "../../runtime/user-error.ts";

/** What the user of the tool can mend; the message says how. Shown without a stack. */
export class ReplayError extends UserError {}
