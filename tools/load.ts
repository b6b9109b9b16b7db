import { Command, InvalidArgumentError } from "commander";
import { runLoad } from "./load/run-load.ts";
import { runTool } from "./run-tool.ts";

const program = new Command("load")
  .description(
    "Puts a gateway of its own, with simulated providers, under the load of many users, and reports as JSON whom it served, when high load was handled, whether every answer has its event, and its memory.",
  )
  .option("--users <n>", "users who send requests", count, 500)
  .option("--rpm <n>", "requests a minute, evenly in time whatever the answers take", count, 1500)
  .option("--minutes <n>", "how long; then a calm phase follows until high load is over", positive, 3)
  .option("--high-load-from <n>", "requests a minute that the gateway takes for a high load", count, 1000)
  .option("--paid <share>", "share of users on a paid tier", share, 0.3)
  .option("--slots <n>", "requests that the gateway works on at once", count, 60)
  .option("--time-scale <n>", "makes the gateway's minutes shorter, for a quick look", positive, 1)
  .addHelpText("after", "\nIt uses a temporary directory and free ports, and leaves nothing behind.")
  .parse();

const { users, rpm, minutes, highLoadFrom, paid, slots, timeScale } = program.opts<{
  users: number;
  rpm: number;
  minutes: number;
  highLoadFrom: number;
  paid: number;
  slots: number;
  timeScale: number;
}>();
await runTool("load", async () => {
  const report = await runLoad({
    users,
    requestsPerMinute: rpm,
    minutes,
    highLoadFrom,
    paidShare: paid,
    slots,
    timeScale,
    onProgress: (line) => console.error(line),
  });
  console.log(JSON.stringify(report, null, 2));
  if (report.answers !== report.events) process.exitCode = 1;
});

function count(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError("must be a whole number from 1.");
}

function positive(text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError("must be a number above 0.");
}

function share(text: string): number {
  const number = Number(text);
  if (number >= 0 && number <= 1) return number;
  throw new InvalidArgumentError("must be from 0 to 1.");
}
