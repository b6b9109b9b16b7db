import type { SimulatedDay } from "../../models/simulation/simulate.ts";

/** Where simulated events go. */
export interface SimulationLoader {
  /** Takes the events of a day; resolves when there is room for the next one. */
  take(day: Pick<SimulatedDay, "requests" | "users" | "feedback">): Promise<void>;
  /** Resolves when everything is durable. */
  finish(): Promise<LoadCounts>;
}

export interface LoadCounts {
  readonly requests: number;
  readonly users: number;
  readonly feedback: number;
}
