import type { Warehouse } from "../warehouse/warehouse.ts";

export interface SteeringDeps {
  readonly warehouse: Warehouse;
  /** Whether simulated requests may steer: only where no provider is real. Absent: they may not. */
  maySimulatedSteer?(): boolean;
}

/** The warehouse as decisions read it: beside a real provider its queries count what comes of real requests alone. */
export function steeringWarehouse({ warehouse, maySimulatedSteer }: SteeringDeps): Warehouse {
  return {
    ...warehouse,
    query: (query) => warehouse.query({ ...query, liveOnly: !(maySimulatedSteer?.() ?? false) }),
  };
}
