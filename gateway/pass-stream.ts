import type { ServerResponse } from "node:http";
import type { CallReport } from "../models/policy/call-bill.ts";
import type { AnswerStream } from "./providers/provider-client.ts";
import { type AnswerQuality, type AnswerWish, NOTHING_WRONG } from "./quality/answer-quality.ts";
import { mayReport, sseMeter } from "./sse-meter.ts";
import { tellCost } from "./stream-cost.ts";

export interface PassedStream {
  /** `cut`: the provider broke off before the end of its answer. */
  readonly end: "complete" | "cut" | "client-gone";
  /** What the call is billed by, whatever of it the client has got. */
  readonly report: CallReport;
  /** What the provider calls the model that answered; empty: not said. */
  readonly model: string;
  /** Of a complete answer. */
  readonly quality: AnswerQuality;
}

export interface PassOptions {
  readonly hideUsage: boolean;
  readonly drainMs: number;
  readonly wish: AnswerWish;
  /** Told of the bytes that are passed on, as long as the client is there. */
  readonly onPassed?: (bytes: Buffer) => void;
  /** What the request has cost when that was reported; null: the client is not told in the stream. */
  readonly costUsd: ((report: CallReport) => number) | null;
}

/**
 * Passes a stream on with back-pressure. When the client goes away, the provider is read on for its usage, at most for `drainMs`,
 * and then let go. The response is left open for the trailer or an error.
 */
export function passStream(
  stream: AnswerStream,
  response: ServerResponse,
  options: PassOptions,
): Promise<PassedStream> {
  return new Promise((resolve) => {
    const meter = sseMeter({
      hideUsage: options.hideUsage,
      reading: stream.reading,
      tally: stream.tally,
    });
    let clientGone = response.destroyed;
    let drainTimer: NodeJS.Timeout | undefined;

    const finish = (end: PassedStream["end"], isOver: boolean): void => {
      clearTimeout(drainTimer);
      response.off("close", onClose);
      response.off("drain", onDrain);
      const report = meter.report(isOver);
      const isWhole = end === "complete" && !clientGone;
      const quality = isWhole ? meter.quality(options.wish) : NOTHING_WRONG;
      const model = meter.model();
      resolve({ end: clientGone ? "client-gone" : end, report, model, quality });
    };
    const onDrain = (): void => stream.resume();
    const onClose = (): void => {
      clientGone = true;
      stream.resume();
      drainTimer = setTimeout(() => {
        stream.abort();
        finish("client-gone", false);
      }, options.drainMs);
    };
    const passOn = (bytes: Buffer): void => {
      if (bytes.length === 0 || clientGone) return;
      options.onPassed?.(bytes);
      const isTold = options.costUsd !== null && mayReport(bytes);
      const told = isTold ? tellCost(bytes, options.costUsd(meter.report(true))) : bytes;
      if (!response.write(told)) stream.pause();
    };

    response.on("drain", onDrain);
    if (clientGone) onClose();
    else response.once("close", onClose);
    stream.start({
      onChunk: (chunk) => passOn(meter.push(chunk)),
      onEnd: () => {
        passOn(meter.flush());
        finish(meter.done() ? "complete" : "cut", true);
      },
      onError: () => finish("cut", false),
    });
  });
}
