import { createServer, type ServerResponse } from "node:http";

/** A provider that costs nothing: it does not read the request, and always gives the same answer. The port is its argument. */

const STREAM_CHUNKS = 64;
const usage = {
  prompt_tokens: 300,
  completion_tokens: 256,
  total_tokens: 556,
  prompt_tokens_details: { cached_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0 },
};
const common = { id: "chatcmpl-bench", created: 1_700_000_000, model: "bench-model" };
const json = Buffer.from(
  JSON.stringify({
    ...common,
    object: "chat.completion",
    choices: [
      { index: 0, message: { role: "assistant", content: "word ".repeat(250) }, finish_reason: "stop" },
    ],
    usage,
  }),
);
const events = [
  ...Array.from({ length: STREAM_CHUNKS }, () =>
    eventOf({ choices: [{ index: 0, delta: { content: "word ".repeat(30) }, finish_reason: null }] }),
  ),
  eventOf({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] }),
  Buffer.concat([eventOf({ choices: [], usage }), Buffer.from("data: [DONE]\n\n")]),
];

createServer({ noDelay: true, keepAliveTimeout: 120_000 }, (request, response) => {
  let isStream = false;
  request.on("data", (chunk: Buffer) => {
    isStream ||= chunk.includes('"stream":true');
  });
  request.on("end", () => {
    if (isStream) sendStream(response);
    else
      response
        .writeHead(200, { "content-type": "application/json", "content-length": json.length })
        .end(json);
  });
}).listen(Number(process.argv[2]), "127.0.0.1");

/** Each event leaves by itself, as a model would send them. */
function sendStream(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  let next = 0;
  const send = (): void => {
    const event = events[next++];
    if (event === undefined) return void response.end();
    response.write(event);
    setImmediate(send);
  };
  send();
}

function eventOf(part: object): Buffer {
  return Buffer.from(`data: ${JSON.stringify({ ...common, object: "chat.completion.chunk", ...part })}\n\n`);
}
