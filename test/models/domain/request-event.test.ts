import { expect, it } from "vitest";
import { requestEvent } from "../../../models/domain/request-event.ts";
import { makeRequestEvent } from "../../warehouse/make-request-event.ts";

it("an event of before has none of what events tell since", () => {
  const { needs, propensity, cache_saved_ms, ...rest } = makeRequestEvent();
  const { cut_off, empty, refused, filtered, invalid_json, asked_again_of, ...old } = rest;
  expect([needs, propensity, cache_saved_ms, asked_again_of]).toEqual([[], 0, 0, ""]);
  expect([cut_off, empty, refused, filtered, invalid_json]).toEqual([false, false, false, false, false]);
  expect(requestEvent.parse(old)).toEqual(makeRequestEvent(old));
});
