import { expect, it } from "vitest";
import { type OthersFlight, openFlights } from "../../../gateway/cache/flights.ts";
import { cachedAnswer } from "./cached-answer.ts";

const LIMITS = { maxFlights: 2, maxWaiting: 2, maxWaitMs: 60_000 };
const stays = (): void => {};

function board(flights: ReturnType<typeof openFlights>, key: string): OthersFlight {
  const flight = flights.join(key);
  if (flight === null || flight.own) throw new Error("there is a flight to wait for");
  return flight;
}
function takeOff(flights: ReturnType<typeof openFlights>, key: string) {
  const flight = flights.join(key);
  if (flight === null || !flight.own) throw new Error("it is one's own flight");
  return flight;
}

it("brings all who wait the one answer, and the next one flies again", async () => {
  const flights = openFlights(LIMITS);
  const own = takeOff(flights, "k");
  const waiting = [board(flights, "k").wait(stays), board(flights, "k").wait(stays)];
  const answer = cachedAnswer("a");
  own.land(answer);
  own.land(null);
  expect(await Promise.all(waiting)).toEqual([answer, answer]);
  takeOff(flights, "k");
});

it("tells who waits that nothing came, when the flight brings nothing, when it takes too long and when the caller leaves", async () => {
  const flights = openFlights(LIMITS);
  const own = takeOff(flights, "k");
  const waiting = board(flights, "k").wait(stays);
  own.land(null);
  expect(await waiting).toBeNull();
  const late = openFlights({ ...LIMITS, maxWaitMs: 5 });
  takeOff(late, "k");
  expect(await board(late, "k").wait(stays)).toBeNull();
  takeOff(flights, "k");
  expect(await board(flights, "k").wait((gone) => gone())).toBeNull();
});

it("lets those call for themselves that are too many, and forgets nobody's place", async () => {
  const flights = openFlights(LIMITS);
  const own = takeOff(flights, "k");
  takeOff(flights, "l");
  expect(flights.join("m")).toBeNull();
  const waiting = [board(flights, "k").wait(stays), board(flights, "k").wait(stays)];
  expect(flights.join("k")).toBeNull();
  own.land(null);
  await Promise.all(waiting);
  expect(flights.flying()).toBe(1);
  takeOff(flights, "k");
  board(flights, "k");
});
