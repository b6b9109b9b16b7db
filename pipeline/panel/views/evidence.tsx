import type { Decision } from "../data/shapes/automation.ts";
import { wordsOf } from "./words.ts";

/** Everything that a decision rests on. */
export function Evidence(decision: Decision) {
  const { condition, inputs, estimates, instruction, simulatedEffect, guardRails, verifiedEffect } = decision;
  const parts: readonly [string, unknown][] = [
    ["Condition", condition],
    ["Metrics", inputs],
    ["Certainty", estimates],
    ["Directive", instruction],
    ["Foreseen", simulatedEffect],
    ["Guard rails", guardRails],
    ["Measured", verifiedEffect],
  ];
  return (
    <details>
      <summary>Show</summary>
      <dl class="evidence">
        {parts
          .map(([name, value]) => [name, wordsOf(value ?? "")] as const)
          .filter(([, words]) => words !== "")
          .map(([name, words]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{words}</dd>
            </div>
          ))}
      </dl>
    </details>
  );
}
