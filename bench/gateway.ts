import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import {
  type Contestant,
  type Stage,
  startPortkey,
  startRaw,
  startUpstream,
  startVigor,
} from "./gateway/contestants.ts";
import { type Figures, median, medians, ratiosOf, rounded } from "./gateway/figures.ts";
import { applyLoad } from "./gateway/load.ts";

const MODES = ["json", "sse"] as const;
/** The engine optimises what has run some thousand times. */
const WARM_UP = { durationMs: 2_000, minRequests: 4_000 };
const MIN_REQUESTS = 200;
const MS_PER_SECOND = 1_000;
const MS_PER_MINUTE = 60_000;
const SOAK_CONNECTIONS = 32;
const SOAK_SAMPLE_MS = 10_000;
const PROMPT = "Plan my week of training, please, with a rest day. ".repeat(22);

interface Load {
  readonly mode: (typeof MODES)[number];
  readonly connections: number;
  readonly maxPerSecond?: number;
}

const CASES: readonly Load[] = MODES.flatMap((mode) =>
  [32, 128].map((connections) => ({ mode, connections })),
);

const options = new Command("bench:gateway")
  .description(
    "Measures the gateway with everything on against a raw proxy and Portkey's gateway, before the same mock provider, in alternating rounds; the last case is both at half of what the raw proxy can do. Prints JSON; the figures are medians of the rounds. Linux only.",
  )
  .option("--rounds <number>", "rounds", wholeNumber, 3)
  .option("--seconds <number>", "seconds of load each", wholeNumber, 4)
  .option("--no-portkey", "without Portkey's gateway, which is installed from npm into a temporary directory")
  .option("--soak <minutes>m", "instead: the gateway alone for so long, and its memory meanwhile", minutes)
  .parse()
  .opts<{ rounds: number; seconds: number; portkey: boolean; soak?: number }>();

const directory = await mkdtemp(join(tmpdir(), "vigor-bench-gateway-"));
const children: ChildProcess[] = [];
let sent = 0;
try {
  const stage: Stage = { directory, children, upstream: await startUpstream(children) };
  const result = options.soak === undefined ? await compare(stage) : await soak(stage, options.soak);
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  console.log(
    JSON.stringify({ benchmark: "gateway", at: new Date().toISOString(), machine, ...result }, null, 2),
  );
} finally {
  await Promise.all(children.map(end));
  await rm(directory, { recursive: true, force: true });
}

async function compare(stage: Stage): Promise<object> {
  const contestants = [...(await startVigor(stage)), await startRaw(stage)];
  let portkey = "left out";
  if (options.portkey) {
    try {
      contestants.push(await startPortkey(stage));
      portkey = "measured";
    } catch (error) {
      portkey = `could not be had: ${error instanceof Error ? error.message.slice(0, 300) : String(error)}`;
    }
  }
  for (const mode of MODES)
    for (const each of contestants) await measure(each, { mode, connections: 32, ...WARM_UP });
  const { rounds, seconds } = options;
  const results = [];
  for (const load of CASES) results.push(await runCase(contestants, load));
  const own = contestants.filter(({ name }) => name !== "portkey");
  results.push(await runCase(own, { mode: "json", connections: 32, maxPerSecond: halfOfRaw(results) }));
  return {
    settings: { rounds, seconds },
    portkey,
    results: results.map(({ load, runs }) => ({
      ...load,
      ...Object.fromEntries([...runs].map(([name, figures]) => [name, medians(figures)])),
      ratios: ratiosOf(runs, "vigor"),
      ratiosUncached: ratiosOf(runs, "vigorUncached"),
    })),
  };
}

interface CaseResult {
  readonly load: Load;
  readonly runs: ReadonlyMap<string, readonly Figures[]>;
}

async function runCase(contestants: readonly Contestant[], load: Load): Promise<CaseResult> {
  const runs = new Map<string, Figures[]>(contestants.map(({ name }) => [name, []]));
  const durationMs = options.seconds * MS_PER_SECOND;
  for (let round = 0; round < options.rounds; round += 1)
    for (const each of contestants)
      runs.get(each.name)?.push(await measure(each, { ...load, durationMs, minRequests: MIN_REQUESTS }));
  return { load, runs };
}

function halfOfRaw([first]: readonly CaseResult[]): number {
  return Math.ceil(medians(first?.runs.get("raw") ?? []).perSecond / 2);
}

async function measure(
  { origin, headers, figures }: Contestant,
  load: Load & { readonly durationMs: number; readonly minRequests: number },
): Promise<Figures> {
  const cpuBefore = await figures.cpuMicroseconds();
  const done = await applyLoad({
    ...load,
    origin,
    path: "/v1/chat/completions",
    headers,
    nextBody: () => bodyOf(load.mode, sent++),
  });
  return {
    ...done,
    cpuMicroseconds: ((await figures.cpuMicroseconds()) - cpuBefore) / done.requests,
    residentMegabytes: await figures.residentMegabytes(),
  };
}

async function soak(stage: Stage, length: number): Promise<object> {
  const [vigor] = await startVigor(stage);
  if (vigor === undefined) throw new Error("there is no gateway");
  const samples: number[] = [];
  let requests = 0;
  const endMs = performance.now() + length * MS_PER_MINUTE;
  for (let at = 0; performance.now() < endMs; at += 1) {
    const durationMs = Math.min(SOAK_SAMPLE_MS, endMs - performance.now());
    const mode = at % 2 === 0 ? "json" : "sse";
    const figures = await measure(vigor, { mode, connections: SOAK_CONNECTIONS, durationMs, minRequests: 1 });
    requests += figures.requests;
    samples.push(figures.residentMegabytes);
  }
  const third = Math.max(1, Math.floor(samples.length / 3));
  const settled = median(samples.slice(third, 2 * third));
  const last = median(samples.slice(-third));
  return {
    soak: { minutes: length, requests },
    residentMegabytes: { settled, last, growth: rounded(last / settled), samples },
  };
}

function bodyOf(mode: Load["mode"], n: number): string {
  const messages = [
    { role: "system", content: "You are a coach." },
    { role: "user", content: `${PROMPT}${n}` },
  ];
  const stream = mode === "sse" ? { stream: true } : {};
  return JSON.stringify({ model: "bench", ...stream, max_tokens: 256, messages });
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError("It must be a whole number above 0.");
  return Number(text);
}

function minutes(text: string): number {
  const value = Number(/^(\d+(?:\.\d+)?)m?$/.exec(text)?.[1]);
  if (!(value > 0)) throw new InvalidArgumentError("It must be minutes, such as 10m.");
  return value;
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}
