import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { forecastFile, OUTPUT_HEADER } from "../../../tools/forecast/forecast-file.ts";
import { SeriesFileError } from "../../../tools/forecast/series-file.ts";

async function forecast(text: string, horizon = 2, periods: readonly number[] = [7]) {
  let output = "";
  const report = await forecastFile(Readable.from([text]), {
    horizon,
    periods,
    write: async (lines) => {
      output += lines;
    },
  });
  return { report, lines: output.trimEnd().split("\n") };
}

const WEEKS = Array.from({ length: 70 }, (_, day) => 10 + (day % 7)).join(";");

describe("forecast of a file", () => {
  it("has a line for each step of each series, in the order of the file", async () => {
    const { report, lines } = await forecast(`series_id,values\nb,${WEEKS}\na,${WEEKS}\n`);
    expect(lines[0]).toBe(OUTPUT_HEADER);
    expect(lines.slice(1).map((line) => line.split(",").slice(0, 2).join(","))).toEqual([
      "b,1",
      "b,2",
      "a,1",
      "a,2",
    ]);
    const [, , point, lo80, hi80, lo95, hi95] = (lines[1] ?? "").split(",").map(Number);
    expect(point).toBeCloseTo(10, 6);
    expect([lo95, lo80, point, hi80, hi95]).toEqual(
      [lo95, lo80, point, hi80, hi95].toSorted((a = 0, b = 0) => a - b),
    );
    expect(report.series).toBe(2);
  });

  it("takes quoted names, a byte order mark, CRLF, spaces and gaps", async () => {
    const { lines, report } = await forecast(`\uFEFFseries_id,values\r\n"a,b", 1;;3 ; 4\r\n`, 1, [1]);
    expect(lines[1]).toMatch(/^"a,b",1,/);
    expect(report.notes.get("gaps-filled")).toBe(1);
  });

  it.each([
    ["", "line 1: the file is empty"],
    ["id,values\na,1\n", "line 1: the header must be series_id,values"],
    ["series_id,values\na,1;2\nb,1;x\n", 'line 3: value 2 is not a number: "x"'],
    ["series_id,values\na,1,2\n", "line 2: 3 columns instead of 2"],
    ["series_id,values\n,1\n", "line 2: series_id is empty"],
    ["series_id,values\na,;;\n", 'line 2: series "a" has no values'],
    ["series_id,values\na,1\na,2\n", 'line 3: series "a" has been given in line 2 already'],
    ["series_id,values\na,1e999\n", "line 2: value 1 is not a number"],
  ])("names line and mistake of %j", async (text, message) => {
    const failing = forecast(text);
    await expect(failing).rejects.toThrow(SeriesFileError);
    await expect(failing).rejects.toThrow(message);
  });
});
