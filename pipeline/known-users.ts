import { z } from "zod";
import { usdFromNano } from "../models/domain/money.ts";
import { type User, user } from "../models/domain/user-event.ts";
import { sqlFile } from "../warehouse/sql-file.ts";
import { type Warehouse, WarehouseError } from "../warehouse/warehouse.ts";
import type { UserBook } from "./directory/user-book.ts";

export const listedUser = user.extend({
  /** Made up by the simulation: no gateway knows this user. */
  simulated: z.boolean(),
  /** In the last 30 days, dollars; null: the warehouse does not answer. */
  spend30Days: z.number().nullable(),
});
export type ListedUser = z.infer<typeof listedUser>;

export interface UserPage {
  readonly users: ListedUser[];
  /** Real ones, whatever is searched for. */
  readonly total: number;
  /** Null: the warehouse does not answer, and no simulated ones are listed. */
  readonly simulatedTotal: number | null;
}

export interface UserPageQuery {
  readonly search: string;
  readonly after: string;
  readonly limit: number;
}

const spent = z.object({ id: z.string(), spent: z.number().int() });
const total = z.object({ users: z.number().int() });

/** A page of all users in the order of their ids: those whom the log tells of, and those of the simulation, whom only the warehouse knows. */
export async function pageOfUsers(
  { warehouse, users }: { warehouse: Warehouse; users: UserBook },
  query: UserPageQuery,
): Promise<UserPage> {
  const real = users.list(query);
  const simulated = await orNull(readSimulated(warehouse, query));
  const made = simulated?.users.filter(({ id }) => users.get(id) === undefined) ?? [];
  const page = [...marked(real, false), ...marked(made, true)]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, query.limit);
  const spend = await orNull(readSpend(warehouse, page));
  return {
    users: page.map((one) => ({
      ...one,
      spend30Days: spend === null ? null : usdFromNano(spend.get(one.id) ?? 0),
    })),
    total: users.size(),
    simulatedTotal: simulated?.total ?? null,
  };
}

/** One user of the simulation; undefined: there is none of this id, or the warehouse does not answer. */
export async function simulatedUser(warehouse: Warehouse, id: string): Promise<User | undefined> {
  const asked = warehouse.query({ sql: textOf("simulated_one"), params: { user: id }, row: user });
  return (await orNull(asked))?.[0];
}

async function readSimulated(warehouse: Warehouse, { search, after, limit }: UserPageQuery) {
  const [users, [counted]] = await Promise.all([
    warehouse.query({ sql: textOf("simulated"), params: { search, after, most: limit }, row: user }),
    warehouse.query({ sql: textOf("simulated_total"), row: total }),
  ]);
  return { users, total: counted?.users ?? 0 };
}

async function readSpend(warehouse: Warehouse, page: readonly User[]): Promise<ReadonlyMap<string, number>> {
  const params = { users: page.map(({ id }) => id) };
  const rows = page.length === 0 ? [] : await warehouse.query({ sql: textOf("spend"), params, row: spent });
  return new Map(rows.map(({ id, spent: nano }) => [id, nano]));
}

/** Users can be listed, and their tiers be set, while the warehouse is away; what only it knows is then not told. */
async function orNull<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof WarehouseError && error.retryable) return null;
    throw error;
  }
}

function marked(users: readonly User[], simulated: boolean) {
  return users.map((one) => ({ ...one, simulated }));
}

function textOf(name: string): string {
  return sqlFile(new URL(`./queries/users/${name}.sql`, import.meta.url));
}
