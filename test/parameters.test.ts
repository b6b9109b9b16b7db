import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ADAPTER_NAMES } from "../models/domain/catalog.ts";
import type { ParameterRule } from "../models/domain/parameters/parameter.ts";
import { REFUSED_PARAMETERS } from "../models/domain/parameters/refused-parameters.ts";
import { PARAMETERS } from "../models/domain/parameters/request-parameters.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/parameters.md"), "utf8");

/** The rows of the table under a heading, without what aligns them. */
function rowsUnder(heading: string): string[] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  return (section.split("\n## ")[0] ?? "")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.replace(/ +\|/g, " |").trim());
}

function rowOf(name: string, { cost, why, adapters, elsewhere }: ParameterRule): string {
  const senders =
    adapters.length === 0 ? "none" : adapters.length === ADAPTER_NAMES.length ? "all" : adapters.join(", ");
  const otherwise = adapters.length === ADAPTER_NAMES.length ? "" : elsewhere;
  return `| \`${name}\` | ${cost} | ${senders} | ${otherwise} | ${why} |`.replace(/ +\|/g, " |");
}

describe("docs/parameters.md", () => {
  it.each([
    ["chat", "POST /v1/chat/completions"],
    ["responses", "POST /v1/responses"],
    ["embeddings", "POST /v1/embeddings"],
  ] as const)("lists the parameters of %s as the table in the code has them", (endpoint, heading) => {
    expect(rowsUnder(heading)).toEqual([...PARAMETERS[endpoint]].map(([name, rule]) => rowOf(name, rule)));
  });

  it("says why others are refused, and which of them the catalog may allow", () => {
    expect(rowsUnder("Refused")).toEqual(
      Object.entries(REFUSED_PARAMETERS).map(
        ([name, { why, canBeAllowed }]) => `| \`${name}\` | ${canBeAllowed ? "yes" : "no"} | ${why} |`,
      ),
    );
  });
});
