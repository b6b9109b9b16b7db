import { type AppClient, type AppRequest, openAppClient } from "./app-client.ts";
import { type ControlApi, openControlApi } from "./control-api.ts";
import { checkGateway, waitForGateway } from "./gateway-ready.ts";
import { type Played, play } from "./player.ts";
import {
  makePopulation,
  makeUserPicker,
  pickFeature,
  type Random,
  type SimulatedUser,
  type TierShare,
} from "./population.ts";
import { showProgress } from "./progress.ts";
import { makePrompts } from "./prompts.ts";
import { countUnanswered } from "./statistics.ts";
import { renderBooks, renderTally } from "./table.ts";
import type { TraceRow } from "./trace.ts";
import { findDisagreements, type Reconciliation, subtractBooks } from "./verdict.ts";

export interface ReplayOptions {
  readonly rows: readonly TraceRow[];
  readonly speed: number;
  readonly users: number;
  readonly tierMix: readonly TierShare[];
  readonly gatewayUrl: string;
  readonly controlUrl: string;
  readonly adminToken: string;
  /** Null: the replay makes one, and deletes it afterwards. */
  readonly key: string | null;
  readonly model: string;
  readonly streamShare: number;
  readonly maxInFlight: number;
  readonly random: Random;
  /** Starts every prompt, so that no answer of an earlier run is found in a cache. */
  readonly runId: string;
  /** Aborted: stop sending, wait for the answers, show the table. */
  readonly signal: AbortSignal;
  readonly output: NodeJS.WriteStream;
}

/** Plays the trace and shows what came of it. True: the books agree. */
export async function runReplay(options: ReplayOptions): Promise<boolean> {
  const control = openControlApi(options.controlUrl, options.adminToken);
  try {
    await checkGateway(options.gatewayUrl);
    const before = await control.readSettledBooks();
    const requests = planRequests(options);
    const key = options.key ?? (await control.createKey("replay"));
    await prepareUsers(control, key, { ...options, requests });
    const client = openAppClient({ ...options, key, connections: options.maxInFlight });
    const played = await playRequests(client, requests, options).finally(() => client.close());
    return report(played, { before, after: await control.readSettledBooks() }, options);
  } finally {
    await control.deleteKey().finally(() => control.close());
  }
}

interface PlannedRequest extends AppRequest {
  readonly dueMs: number;
  readonly user: SimulatedUser;
}

/** Everything random is drawn before the first request, so that a seed always plans the same. */
function planRequests({
  rows,
  speed,
  users,
  tierMix,
  streamShare,
  random,
  runId,
}: ReplayOptions): PlannedRequest[] {
  const population = makePopulation(users, tierMix, random);
  const pickUser = makeUserPicker(users, random);
  const writePrompt = makePrompts();
  return rows.map((row, index) => {
    const user = population[pickUser()];
    if (user === undefined) throw new RangeError("a user outside of the population was picked");
    return {
      user,
      dueMs: row.offsetMs / speed,
      userId: user.id,
      country: user.country,
      device: user.device,
      feature: pickFeature(random),
      prompt: writePrompt(row.contextTokens, `${runId}-${index}`),
      contextTokens: row.contextTokens,
      generatedTokens: row.generatedTokens,
      stream: random() < streamShare,
    };
  });
}

async function prepareUsers(
  control: ControlApi,
  key: string,
  { requests, gatewayUrl, output }: { requests: readonly PlannedRequest[] } & ReplayOptions,
): Promise<void> {
  const users = [...new Set(requests.map(({ user }) => user))];
  output.write(`putting ${users.length} users into their tiers\n`);
  await control.setTiers(users, () => undefined);
  await waitForGateway(gatewayUrl, key, users.slice(-10));
}

function playRequests(
  client: AppClient,
  requests: readonly PlannedRequest[],
  { maxInFlight, signal, output }: ReplayOptions,
): Promise<Played> {
  const progress = showProgress(requests.length, output);
  return play({
    rows: requests,
    dueMs: ({ dueMs }) => dueMs,
    send: (request) => client.send(request),
    maxInFlight,
    signal,
    onChange: progress.update,
  }).finally(() => progress.stop());
}

function report(
  { tally, elapsedMs, abandoned }: Played,
  { before, after }: { before: Reconciliation; after: Reconciliation },
  { output }: ReplayOptions,
): boolean {
  const books = subtractBooks(after, before);
  const unanswered = countUnanswered(tally) + abandoned;
  const disagreements = findDisagreements(books, { sent: tally.sent, unanswered, toldCost: tally.cost });
  if (after.lag > 0) disagreements.push(`the warehouse is still ${after.lag} events behind`);
  const verdict =
    disagreements.length === 0 ? ["the books agree"] : ["THE BOOKS DO NOT AGREE", ...disagreements];
  const late = abandoned === 0 ? [] : [`${abandoned} requests had no answer in time`];
  output.write(
    [
      "",
      renderTally(tally, elapsedMs),
      "",
      renderBooks(books, tally),
      "",
      ...late,
      verdict.join("\n  - "),
      "",
    ].join("\n"),
  );
  return disagreements.length === 0;
}
