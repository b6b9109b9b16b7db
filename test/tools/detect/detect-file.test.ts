import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { detectFile, OUTPUT_HEADER } from "../../../tools/detect/detect-file.ts";
import { ObservationFileError } from "../../../tools/detect/observation-file.ts";

async function detect(text: string) {
  let output = "";
  const report = await detectFile(Readable.from([text]), {
    write: async (lines) => {
      output += lines;
    },
  });
  return { report, lines: output.trimEnd().split("\n") };
}

const HOURS = Array.from({ length: 600 }, (_, hour) => {
  const time = new Date(Date.UTC(2026, 0, 1) + hour * 3_600_000).toISOString();
  const value = 100 + 30 * Math.sin((2 * Math.PI * hour) / 24) + (hour % 7) + (hour === 500 ? 900 : 0);
  return `${time},${value.toFixed(3)}`;
});

describe("detect of a file", () => {
  it("answers each row as it is, with a score and the alert", async () => {
    const { lines, report } = await detect(`timestamp,value\n${HOURS.join("\n")}\n`);
    expect(lines[0]).toBe(OUTPUT_HEADER);
    expect(lines.slice(1).map((line) => line.split(",").slice(0, 2).join(","))).toEqual(HOURS);
    expect(lines.filter((line) => line.endsWith(",1"))).toEqual([lines[501]]);
    expect(report).toEqual({ rows: 600, alerts: 1 });
  });

  it("what comes later changes nothing", async () => {
    const whole = await detect(`timestamp,value\n${HOURS.join("\n")}\n`);
    for (const rows of [5, 12, 300, 501]) {
      const { lines } = await detect(`timestamp,value\n${HOURS.slice(0, rows).join("\n")}\n`);
      expect(lines).toEqual(whole.lines.slice(0, rows + 1));
    }
  });

  it("an empty value is a gap and no alert", async () => {
    const { lines } = await detect("timestamp,value\n2026-01-01,1\n2026-01-02,\n2026-01-03 00:00,2\n");
    expect(lines.slice(1)).toEqual(["2026-01-01,1,0,0", "2026-01-02,,0,0", "2026-01-03 00:00,2,0,0"]);
  });

  it.each([
    ["", "line 1: the file is empty"],
    ["time,value\n", "line 1: the header must be timestamp,value"],
    ["timestamp,value\n2026-01-01,1\nyesterday,2\n", 'line 3: not a timestamp: "yesterday"'],
    ["timestamp,value\n2026-01-01,many\n", 'line 2: value is not a number: "many"'],
    ["timestamp,value\n2026-01-01\n", "line 2: 1 columns instead of 2"],
    ["timestamp,value\n2026-01-05,1\n2026-01-01,1\n", "line 3: "],
  ])("names line and mistake of %j", async (text, message) => {
    const failing = detect(text);
    await expect(failing).rejects.toThrow(ObservationFileError);
    await expect(failing).rejects.toThrow(message);
  });
});
