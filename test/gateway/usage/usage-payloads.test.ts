import { describe, expect, it } from "vitest";
import { ADAPTERS } from "../../../gateway/providers/adapters.ts";
import type { StreamReader } from "../../../gateway/providers/http-channel.ts";
import {
  type MappedStreamOptions,
  mappedStream,
  passedStream,
  type StreamMapper,
} from "../../../gateway/providers/map-stream.ts";
import { sseMeter } from "../../../gateway/sse-meter.ts";
import { readUsage } from "../../../gateway/usage-report.ts";
import type { AdapterName } from "../../../models/domain/catalog.ts";
import { billCall, type CallReport } from "../../../models/policy/call-bill.ts";
import { boundCost } from "../../../models/policy/estimate.ts";
import { callWith, responsesCallWith } from "../providers/adapter-call.ts";
import { NUMBERS, SENSELESS, SHAPES, type Shape } from "./payloads.ts";
import { costOfLines, type Line, priceWith, RATES, type Rate } from "./prices.ts";

interface Payload {
  readonly shape: Shape;
  readonly usage: object;
  readonly lines: readonly Line[];
  readonly prompt: number;
  /** With each event, as if nothing more came, or with the last one. */
  readonly how: "json" | "stream" | "stream with each event";
}

const HOWS = {
  chat: ["json", "stream", "stream with each event"],
  responses: ["json", "stream"],
  embeddings: ["json"],
} as const;
const PAYLOADS: readonly Payload[] = SHAPES.flatMap((shape) =>
  NUMBERS.flatMap((numbers) =>
    HOWS[shape.endpoint].map((how) => ({
      shape,
      usage: shape.usage(numbers),
      ...shape.charged(numbers),
      how,
    })),
  ),
);

const TOOLS: readonly Rate[] = ["webSearch", "fileSearch", "execution"];
const OUTPUT: readonly Rate[] = ["output", "reasoning", "audioOut", "imageOut", "videoOut"];
const HEARD: readonly Rate[] = ["audioIn", "cachedAudio", "videoIn"];

it("there are more than five hundred usage payloads, of every adapter", () => {
  expect(PAYLOADS.length).toBeGreaterThan(500);
  expect(new Set(PAYLOADS.map(({ shape }) => shape.adapter))).toEqual(new Set(Object.keys(ADAPTERS)));
});

describe("a call costs what its provider charges by its own report, and no more than its bound", () => {
  it.each(SHAPES)("as $name reports it", (shape) => {
    for (const { usage, lines, prompt, how } of PAYLOADS.filter((payload) => payload.shape === shape)) {
      const sum = (rates: (rate: Rate) => boolean) =>
        lines.reduce((all, [count, rate]) => (rates(rate) ? all + count : all), 0);
      // What the request does not bound is what the catalog says of it.
      const extras = lines.filter(([, rate]) => TOOLS.includes(rate) || rate === "citation");
      const price = priceWith(costOfLines(extras, prompt));
      const tokens = { inputTokens: prompt, outputTokens: sum((rate) => OUTPUT.includes(rate)) };
      const bound = boundCost(price, {
        ...tokens,
        holdsAudio: lines.some(([, rate]) => HEARD.includes(rate)),
      });
      const report = reportOf(shape, usage, how);
      const expected = costOfLines(lines, prompt);
      const what = `${how} ${JSON.stringify(usage)}`;
      expect(billCall(report, { price, bound, tokens }).costNano, what).toBe(expected);
      expect(report.end, what).toBe("complete");
      expect(bound, what).toBeGreaterThanOrEqual(expected);
    }
  });
});

describe("a report that makes no sense is never taken for nothing: the call is billed at its bound", () => {
  const tokens = { inputTokens: 1_000, outputTokens: 200 };
  const price = priceWith(0);
  // The dearest that a prompt and an answer can be: written for an hour, and sound.
  const bound = Number((1_000n * RATES.writeHour + 200n * RATES.audioOut + 5_000_000_000n + 999n) / 1000n);

  it.each(SENSELESS)("%s: %j", (adapter, usage) => {
    const shape = { adapter, endpoint: "chat" } as const;
    for (const how of HOWS.chat) {
      const report = reportOf(shape, usage, how);
      expect(report.reported).toBeNull();
      expect(billCall(report, { price, tokens, bound: boundCost(price, tokens) }).costNano).toBe(bound);
    }
  });
});

function reportOf(
  { adapter, endpoint }: { readonly adapter: AdapterName; readonly endpoint: Shape["endpoint"] },
  usage: unknown,
  how: Payload["how"],
): CallReport {
  const endpointAdapter = ADAPTERS[adapter].endpoints[endpoint];
  if (endpointAdapter === undefined) throw new Error(`${adapter} has no ${endpoint}`);
  const isGemini = adapter === "gemini";
  const native = endpoint === "responses" && adapter === "openai";
  if (how === "json") {
    const answer = isGemini ? { candidates: [], usageMetadata: usage } : { choices: [], usage };
    return { end: "complete", reported: readUsage(endpointAdapter.usage, answer) };
  }
  const each = how === "stream with each event" ? usage : null;
  const { reading, usage: usageForm } = endpointAdapter;
  const form = { mapper: mapperOf(adapter, endpoint), reading, usage: usageForm };
  const events = native
    ? responseEvents(usage)
    : isGemini
      ? geminiEvents(usage, each)
      : chatEvents(usage, each);
  return streamReport(form, Buffer.from(events.map((event) => `data: ${event}\n\n`).join("")));
}

function chatEvents(usage: unknown, each: unknown): string[] {
  const chunk = (delta: object, finish_reason: string | null) =>
    JSON.stringify({ choices: [{ index: 0, delta, finish_reason }], usage: each });
  const text = [chunk({ role: "assistant", content: 'say "usage"' }, null), chunk({ content: "x" }, null)];
  const last = each === null ? [JSON.stringify({ choices: [], usage })] : [];
  return [...text, chunk({}, "stop"), ...last, "[DONE]"];
}

function geminiEvents(usage: unknown, each: unknown): string[] {
  const candidate = (text: string, more: object) => ({
    candidates: [{ index: 0, content: { parts: [{ text }], role: "model" }, ...more }],
  });
  return [
    JSON.stringify({ ...candidate("a", {}), ...(each === null ? {} : { usageMetadata: each }) }),
    JSON.stringify({ ...candidate("b", { finishReason: "STOP" }), usageMetadata: usage }),
  ];
}

function responseEvents(usage: unknown): string[] {
  return [
    JSON.stringify({ type: "response.created", response: { id: "r", usage: null } }),
    JSON.stringify({ type: "response.output_text.delta", delta: "x" }),
    JSON.stringify({ type: "response.completed", response: { id: "r", usage } }),
  ];
}

interface StreamForm extends Pick<MappedStreamOptions, "reading" | "usage"> {
  readonly mapper: StreamMapper | null;
}

function mapperOf(adapter: AdapterName, endpoint: Shape["endpoint"]): StreamMapper | null {
  const { chat, responses } = ADAPTERS[adapter].endpoints;
  const mapper =
    endpoint === "chat"
      ? chat?.mapStream(callWith({ stream: true }))
      : responses?.mapStream(responsesCallWith({ stream: true }));
  return mapper ?? null;
}

/** In reads of 61 bytes, so that events come in pieces. */
function streamReport({ mapper, reading, usage }: StreamForm, bytes: Buffer): CallReport {
  const upstream = {
    start(reader: StreamReader) {
      for (let at = 0; at < bytes.length; at += 61) reader.onChunk(bytes.subarray(at, at + 61));
      reader.onEnd();
    },
    pause() {},
    resume() {},
    abort() {},
  };
  const stream =
    mapper === null ? passedStream(upstream, reading) : mappedStream(upstream, { mapper, reading, usage });
  const meter = sseMeter({ hideUsage: true, reading, tally: stream.tally });
  let report: CallReport | null = null;
  stream.start({
    onChunk: (chunk) => void meter.push(chunk),
    onEnd() {
      meter.flush();
      report = meter.report(true);
    },
    onError(error) {
      throw error;
    },
  });
  if (report === null) throw new Error("the stream has no end");
  return report;
}
