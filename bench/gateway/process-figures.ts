import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";

const MICROSECONDS_PER_SECOND = 1_000_000;
/** Fields of /proc/<pid>/stat after the name in brackets: user and system time, in clock ticks. */
const USER_TIME = 11;
const SYSTEM_TIME = 12;

export interface ProcessFigures {
  /** Processor time of all threads of a process so far. */
  cpuMicroseconds(): Promise<number>;
  residentMegabytes(): Promise<number>;
}

/** Linux only: figures that the measured process takes no part in. */
export function processFigures(pid: number): ProcessFigures {
  const ticksPerSecond = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  return {
    async cpuMicroseconds() {
      const stat = await readFile(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const ticks = Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME]);
      return (ticks / ticksPerSecond) * MICROSECONDS_PER_SECOND;
    },
    async residentMegabytes() {
      const status = await readFile(`/proc/${pid}/status`, "utf8");
      return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024);
    },
  };
}
