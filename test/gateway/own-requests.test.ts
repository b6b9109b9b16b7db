import { v7 } from "uuid";
import { expect, it } from "vitest";
import { openOwnRequests } from "../../gateway/own-requests.ts";
import { appId, requestId, userId } from "../../models/domain/ids.ts";

const NOW = 1_800_000_000_000;
const app = appId.parse("app");
const user = userId.parse("ada");
const idAt = (msecs: number) => requestId.parse(v7({ msecs }));

function openAt(startMs: number, options: { isAlone: boolean; maxInGeneration?: number }) {
  const clock = { ms: startMs };
  const own = openOwnRequests({ ...options, newId: () => v7({ msecs: clock.ms }) });
  return { own, clock };
}

it("a gateway beside others says only of its own requests whose they are", () => {
  const { own, clock } = openAt(NOW, { isAlone: false });
  const id = idAt(NOW + 1);
  own.add({ id, app, user });
  clock.ms = NOW + 1_000;
  expect(own.rateable({ id, app, user })).toBe("yes");
  expect(own.rateable({ id, app, user: userId.parse("bob") })).toBe("no");
  expect(own.rateable({ id: idAt(NOW + 2), app, user })).toBe("unknown");
});

it("what was forgotten, to keep memory bounded, is not known, and never refused", () => {
  const { own, clock } = openAt(NOW, { isAlone: true, maxInGeneration: 10 });
  const ids = Array.from({ length: 35 }, (_, index) => idAt(NOW + 10 + index));
  for (const id of ids) own.add({ id, app, user });
  clock.ms = NOW + 1_000;
  const told = ids.map((id) => own.rateable({ id, app, user }));
  expect(told.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => "unknown"));
  expect(told.slice(20)).toEqual(Array.from({ length: 15 }, () => "yes"));
  expect(own.rateable({ id: idAt(NOW + 60), app, user })).toBe("no");
  expect(own.rateable({ id: idAt(NOW - 1), app, user })).toBe("unknown");
});
