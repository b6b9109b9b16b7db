import type { Severity } from "../../models/alerts/alert.ts";
import type { Notice } from "../../models/alerts/notice.ts";

/** Where notices go. Called with one notice at a time; a call that rejects is tried again later, so a notice may come twice. */
export interface AlertChannel {
  /** Its name in the catalog. */
  readonly name: string;
  readonly minSeverity: Severity;
  /** Resolves when the other side has taken it. Rejects with the reason, within {@link SEND_TIMEOUT_MS}. */
  send(notice: Notice): Promise<void>;
  close(): void;
}

export const SEND_TIMEOUT_MS = 10_000;
