import type { Logger } from "pino";
import type { AlertChannel } from "./channel.ts";
import { payloadOf, subjectOf } from "./wording.ts";

interface LogChannelOptions extends Pick<AlertChannel, "name" | "minSeverity"> {
  readonly logger: Logger;
}

/** A line in the process's own log. */
export function openLogChannel({ name, minSeverity, logger }: LogChannelOptions): AlertChannel {
  return {
    name,
    minSeverity,
    async send(notice) {
      const level =
        notice.event === "resolved" ? "info" : notice.alert.severity === "critical" ? "error" : "warn";
      logger[level]({ alert: payloadOf(notice) }, `${subjectOf(notice)}: ${notice.alert.message}`);
    },
    close: () => undefined,
  };
}
