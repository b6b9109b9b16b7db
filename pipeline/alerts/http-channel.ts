import type { Notice } from "../../models/alerts/notice.ts";
import { type AlertChannel, SEND_TIMEOUT_MS } from "./channel.ts";
import { payloadOf, textOf } from "./wording.ts";

interface HttpChannelOptions extends Pick<AlertChannel, "name" | "minSeverity"> {
  readonly url: string;
}

/** A JSON document of each notice, posted to a URL. */
export function openWebhookChannel(options: HttpChannelOptions): AlertChannel {
  return openHttpChannel(options, payloadOf);
}

/** A message in Slack, over an incoming webhook (api.slack.com/messaging/webhooks). */
export function openSlackChannel(options: HttpChannelOptions): AlertChannel {
  return openHttpChannel(options, (notice) => ({ text: escapeForSlack(textOf(notice)) }));
}

function openHttpChannel(
  { name, minSeverity, url }: HttpChannelOptions,
  bodyOf: (notice: Notice) => object,
): AlertChannel {
  return {
    name,
    minSeverity,
    async send(notice) {
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(bodyOf(notice)),
        // A receiver that sends elsewhere is not the one that was configured.
        redirect: "error",
        signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`answered ${response.status}`);
    },
    close: () => undefined,
  };
}

/** The three characters that Slack gives a meaning. */
function escapeForSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
