import { createServer, type ServerResponse } from "node:http";
import { type Dispatcher, Pool } from "undici";

/** The floor: passes bytes on and does nothing else. Arguments: its port, and the upstream's origin. */

const [, , port, upstream = ""] = process.argv;
const pool = new Pool(upstream, { connections: 512, pipelining: 1 });

createServer({ noDelay: true, keepAliveTimeout: 120_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    const headers = { "content-type": "application/json", authorization: "Bearer upstream" };
    pool.dispatch({ method: "POST", path: request.url ?? "/", headers, body }, passOn(response));
  });
}).listen(Number(port), "127.0.0.1");

function passOn(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    // undici knows by this method that the handler is of the new kind.
    onRequestStart() {},
    onResponseStart(_controller, statusCode, headers) {
      const { "content-type": type = "application/json", "content-length": length } = headers;
      response.writeHead(statusCode, [
        "content-type",
        type,
        ...(length === undefined ? [] : ["content-length", length]),
      ]);
    },
    onResponseData(_controller, chunk) {
      response.write(chunk);
    },
    onResponseEnd() {
      response.end();
    },
    onResponseError() {
      response.destroy();
    },
  };
}
