import type { Request, Response } from "express";
import type { Gateway } from "../gateway.ts";

const TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8";

/** `GET /metrics`, for Prometheus. */
export function serveMetrics(gateway: Gateway) {
  return (_request: Request, response: Response): void => {
    const text = gateway.metrics.render(gateway);
    response.writeHead(200, { "content-type": TEXT_FORMAT, "content-length": Buffer.byteLength(text) });
    response.end(text);
  };
}
