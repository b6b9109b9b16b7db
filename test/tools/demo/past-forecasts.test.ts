import { Temporal } from "temporal-polyfill";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { simulate } from "../../../models/simulation/simulate.ts";
import { daysWithoutForecast, forecastAsOf } from "../../../tools/demo/past-forecasts.ts";
import { openWarehouseLoader, REFRESH_HISTORY } from "../../../tools/simulate/load-warehouse.ts";
import { buildAllRollups, buildOptions } from "../../../warehouse/rollups/build-all.ts";
import { testCatalog } from "../../pipeline/test-catalog.ts";
import { startTestWarehouse, type TestWarehouse } from "../../warehouse/test-warehouse.ts";

const catalog = testCatalog();
const NOW_MS = Date.UTC(2026, 4, 1, 12);
/** Two pasts are made up and built. */
const TIMEOUT_MS = 120_000;
const DAYS = 36;
const START_DAY = Temporal.PlainDate.from("2026-05-01")
  .subtract({ days: DAYS - 1 })
  .toString();
const DAY = "2026-04-27";
const TABLES = ["request_events", "feedback_events", "user_events", "forecasts", "rollup_builds", "arrivals"];

let server: TestWarehouse;
beforeAll(async () => {
  server = await startTestWarehouse();
});
afterAll(() => server.close());

/** The days of a made-up past that pass `isKept`. */
async function live(isKept: (day: string) => boolean): Promise<void> {
  const { warehouse } = server;
  for (const table of TABLES) await warehouse.command(`TRUNCATE TABLE ${table}`);
  const loader = openWarehouseLoader({ warehouse, partition: "simulated-test" });
  let left = DAYS;
  for (const day of simulate({ seed: 3, users: 40, days: DAYS, startDay: START_DAY, catalog })) {
    if (isKept(day.truth.day)) await loader.take(day);
    left -= 1;
    if (left === 0) break;
  }
  await loader.finish();
  await buildAllRollups(buildOptions(warehouse, catalog.timezone, NOW_MS));
  await warehouse.command(REFRESH_HISTORY);
}

function forecasts() {
  return server.warehouse.query({
    sql: "SELECT series, toString(target_date) AS day, point, lo80, hi80 FROM forecasts FINAL WHERE scenario = 'expected' AND horizon_days > 0 ORDER BY series, day",
    row: z.object({
      series: z.string(),
      day: z.string(),
      point: z.number(),
      lo80: z.number(),
      hi80: z.number(),
    }),
  });
}

it(
  "a forecast as of a day says what it would have said then: what came later is not in it",
  async () => {
    await live(() => true);
    await forecastAsOf(DAY, { warehouse: server.warehouse, catalog });
    const afterwards = await forecasts();
    expect(afterwards.filter(({ series }) => series === "daily_spend")[0]?.day).toBe(DAY);

    const missing = await daysWithoutForecast({
      warehouse: server.warehouse,
      catalog,
      startDay: START_DAY,
      nowMs: NOW_MS,
    });
    expect(missing).not.toContain(DAY);
    expect(missing.at(-1)).toBe("2026-04-30");
    expect(missing[0] ?? "").toBe(Temporal.PlainDate.from(START_DAY).add({ days: 30 }).toString());

    await live((day) => day < DAY);
    await forecastAsOf(DAY, { warehouse: server.warehouse, catalog });
    expect(await forecasts()).toEqual(afterwards);
  },
  TIMEOUT_MS,
);
