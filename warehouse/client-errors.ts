import { ClickHouseError } from "@clickhouse/client";
import { ZodError, z } from "zod";
import { WarehouseError } from "./warehouse.ts";

/** Codes of a server that is busy, full, starting or stopping: the same call may succeed later. */
const RETRYABLE_CODES: ReadonlySet<string> = new Set([
  "159", // TIMEOUT_EXCEEDED
  "202", // TOO_MANY_SIMULTANEOUS_QUERIES
  "203", // NO_FREE_CONNECTION
  "209", // SOCKET_TIMEOUT
  "210", // NETWORK_ERROR
  "236", // ABORTED
  "241", // MEMORY_LIMIT_EXCEEDED
  "242", // TABLE_IS_READ_ONLY
  "243", // NOT_ENOUGH_SPACE
  "252", // TOO_MANY_PARTS
  "285", // TOO_FEW_LIVE_REPLICAS
  "319", // UNKNOWN_STATUS_OF_INSERT
  "394", // QUERY_WAS_CANCELLED
  "425", // SYSTEM_ERROR
  "439", // CANNOT_SCHEDULE_TASK
  "473", // DEADLOCK_AVOIDED
  "999", // KEEPER_EXCEPTION
]);

/** What a failed call means: an answer of the server, a row that is not what its reader expects, or no answer at all. */
export function asWarehouseError(error: unknown): WarehouseError {
  if (error instanceof ClickHouseError) {
    return new WarehouseError(error.message, {
      retryable: RETRYABLE_CODES.has(error.code) && !isTooWide(error),
      code: error.code,
      cause: error,
    });
  }
  if (error instanceof ZodError) {
    const message = `a row is not what its query promises: ${z.prettifyError(error)}`;
    return new WarehouseError(message, { retryable: false, cause: error });
  }
  return new WarehouseError(`the warehouse does not answer: ${messageOf(error)}`, {
    retryable: true,
    cause: error,
  });
}

/** Code 252, too, but waiting does not help: the rows of one insert are of too many months. A smaller insert is taken. */
function isTooWide({ code, message }: ClickHouseError): boolean {
  return code === "252" && message.includes("Too many partitions for single INSERT block");
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
