import fc from "fast-check";
import { expect, it } from "vitest";
import { InFlight, KeyedInFlight } from "../../gateway/in-flight.ts";

it("holds what was added and not removed, whatever the order, and uses places again", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(20)), { maxLength: 200 }), (steps) => {
      const inFlight = new InFlight<{ readonly name: number }>();
      const places = new Map<number, number>();
      let most = 0;
      for (const [adds, name] of steps) {
        const place = places.get(name);
        if (place === undefined && adds) places.set(name, inFlight.add({ name }));
        if (place !== undefined && !adds) {
          inFlight.remove(place);
          places.delete(name);
        }
        most = Math.max(most, places.size);
        expect(inFlight.size).toBe(places.size);
        expect([...inFlight.values()].map((item) => item.name).sort()).toEqual([...places.keys()].sort());
        for (const [known, at] of places) {
          expect(inFlight.at(at)).toEqual({ name: known });
          expect(at).toBeLessThan(most);
        }
      }
    }),
  );
});

it("does by a key what a map does", () => {
  const act = fc.constantFrom("set", "delete");
  fc.assert(
    fc.property(
      fc.array(fc.tuple(act, fc.constantFrom("a", "b", "c"), fc.nat()), { maxLength: 60 }),
      (steps) => {
        const keyed = new KeyedInFlight<number>();
        const map = new Map<string, number>();
        for (const [what, key, value] of steps) {
          if (what === "set") {
            keyed.set(key, value);
            map.set(key, value);
          } else {
            keyed.delete(key);
            map.delete(key);
          }
          expect(keyed.size).toBe(map.size);
          for (const name of ["a", "b", "c"]) {
            expect(keyed.has(name)).toBe(map.has(name));
            expect(keyed.get(name)).toBe(map.get(name));
          }
          expect([...keyed.values()].sort()).toEqual([...map.values()].sort());
        }
      },
    ),
  );
});
