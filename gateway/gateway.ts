import type { Logger } from "pino";
import type { EventId, RequestId } from "../models/domain/ids.ts";
import type { Windows } from "../models/policy/charges.ts";
import type { ControlState } from "./control-state.ts";
import type { Directory } from "./directory.ts";
import type { ProviderClients } from "./providers/provider-clients.ts";
import type { Recorder } from "./recorder.ts";
import type { SafeguardLadder } from "./safeguard-ladder.ts";
import type { UsageStore } from "./usage-store.ts";

/** What a running gateway is made of; the request path gets it whole. Built in `start-gateway.ts`. */
export interface Gateway {
  readonly directory: Directory;
  readonly controls: ControlState;
  readonly usage: UsageStore;
  readonly recorder: Recorder;
  readonly safeguards: SafeguardLadder;
  readonly providers: ProviderClients;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Monotonic milliseconds, for durations. */
  readonly monotonicMs: () => number;
  /** Calendar windows of a moment in the catalog's time zone. */
  readonly windows: (atMs: number) => Windows;
  readonly newIds: () => { eventId: EventId; requestId: RequestId };
  /** SHA-256 (hex) of the admin's token, which may read any user's usage. */
  readonly adminTokenSha256: string;
  readonly limits: GatewayLimits;
}

export interface GatewayLimits {
  readonly maxBodyBytes: number;
  /** Requests in work; above it the gateway answers 503. */
  readonly maxInFlight: number;
  /** Providers tried for one request. */
  readonly maxHops: number;
  /** How long a stream whose client has gone is read on for its usage. */
  readonly drainMs: number;
}

export const DEFAULT_LIMITS: GatewayLimits = {
  maxBodyBytes: 4 << 20,
  maxInFlight: 5_000,
  maxHops: 3,
  drainMs: 10_000,
};
