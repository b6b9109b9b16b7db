import { randomUUID } from "node:crypto";
import { Command } from "commander";
import { pino } from "pino";
import pretty from "pino-pretty";
import { loadCatalog } from "../catalog.ts";
import { ConfigError, loadConfig } from "../config.ts";
import type { Notice } from "../models/alerts/notice.ts";
import { openChannels } from "../pipeline/alerts/open-channels.ts";
import { runTool } from "./run-tool.ts";

const EXIT_UNDELIVERED = 1;
const EXIT_MISUSE = 2;

const program = new Command("npm run alerts --").description(
  "The channels that alerts are told on (`alerts.channels` in the catalog).",
);
program
  .command("test")
  .description("Sends a test notice to every channel, and says which of them took it.")
  .option("--channel <name>", "only to this one")
  .action(sendTest);

await runTool("alerts", () => program.parseAsync().then(() => undefined), { failureCode: () => EXIT_MISUSE });

async function sendTest({ channel: only }: { readonly channel?: string }): Promise<void> {
  const config = loadConfig();
  const { catalog } = await loadCatalog(config.catalogFile);
  const logger = pino({ name: "alerts" }, pretty({ ignore: "pid,hostname", sync: true }));
  const channels = openChannels(catalog.alerts?.channels, { logger, secretOf: config.providerKey });
  const chosen = channels.filter(({ name }) => only === undefined || name === only);
  if (chosen.length === 0) {
    throw new ConfigError(
      `there is no channel "${only}"; the catalog has: ${channels.map(({ name }) => name).join(", ")}`,
    );
  }
  for (const channel of chosen) {
    const error = await channel.send(testNotice(Date.now())).then(
      () => null,
      (reason: unknown) => (reason instanceof Error ? reason.message : String(reason)),
    );
    if (error !== null) process.exitCode = EXIT_UNDELIVERED;
    process.stdout.write(`${channel.name}: ${error === null ? "took it" : `failed: ${error}`}\n`);
  }
  for (const channel of channels) channel.close();
}

function testNotice(nowMs: number): Notice {
  const alert = {
    id: randomUUID(),
    kind: "test",
    subject: "",
    severity: "critical",
    status: "open",
    openedAt: nowMs,
    resolvedAt: null,
    message: "This is a test: nothing is wrong.",
    details: {},
  } as const;
  return { alert, event: "opened", at: nowMs };
}
