import { expect, it } from "vitest";
import { simulate } from "../../../models/simulation/simulate.ts";
import { requestLine } from "../../../tools/simulate/encode.ts";
import { testCatalog } from "../../pipeline/test-catalog.ts";
import { makeRequestEvent } from "../../warehouse/make-request-event.ts";

it("a request's line is the JSON of all that is in it, with its place", () => {
  const options = { seed: 3, users: 50, days: 1, startDay: "2026-03-01", catalog: testCatalog() };
  const { requests } = simulate(options).next().value;
  const odd = makeRequestEvent({ user_id: 'a"b\\c', model: 'quote " back \\ new \n line', attempts: [] });
  const place = { partition: "simulated-3", offset: 12 };
  for (const event of [...requests, odd]) {
    const expected = { ...event, log_partition: place.partition, log_offset: place.offset };
    const line = requestLine(event, place);
    expect(JSON.parse(line)).toEqual(expected);
    expect(line).not.toContain("\n");
  }
});
