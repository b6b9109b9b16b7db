import { createTransport } from "nodemailer";
import { type AlertChannel, SEND_TIMEOUT_MS } from "./channel.ts";
import { subjectOf, textOf } from "./wording.ts";

interface EmailChannelOptions extends Pick<AlertChannel, "name" | "minSeverity"> {
  /** `smtp://user:password@host:587` (TLS when the server offers it) or `smtps://...`. */
  readonly url: string;
  readonly from: string;
  readonly to: readonly string[];
}

/** A plain-text mail of each notice, over SMTP. */
export function openEmailChannel({ name, minSeverity, url, from, to }: EmailChannelOptions): AlertChannel {
  const transport = createTransport({
    url,
    connectionTimeout: SEND_TIMEOUT_MS,
    greetingTimeout: SEND_TIMEOUT_MS,
    socketTimeout: SEND_TIMEOUT_MS,
  });
  return {
    name,
    minSeverity,
    async send(notice) {
      await transport.sendMail({
        from,
        to: [...to],
        subject: `[Vigor] ${subjectOf(notice)}`,
        text: textOf(notice),
        // Mails of one alert stand together.
        headers: { References: `<${notice.alert.id}@vigor>`, "Auto-Submitted": "auto-generated" },
      });
    },
    close: () => transport.close(),
  };
}
