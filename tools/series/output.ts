import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { explainFileError } from "../../runtime/file-error.ts";
import { UserError } from "../../runtime/user-error.ts";

/** Where a command's result goes. */
export interface Output {
  /** Resolves when the next one may come, so that nothing piles up in memory. */
  write(text: string): Promise<void>;
  /** Makes the file appear, whole. */
  finish(): Promise<void>;
  /** Leaves nothing behind; what went to standard output stays. */
  discard(): Promise<void>;
}

export class OutputError extends UserError {}

/** A file that appears when it is whole, or standard output. Throws {@link OutputError} when it cannot be written. */
export async function openOutput(path: string | undefined): Promise<Output> {
  return path === undefined ? standardOutput() : openFile(path);
}

function standardOutput(): Output {
  return {
    async write(text) {
      if (!process.stdout.write(text)) await once(process.stdout, "drain");
    },
    finish: async () => {},
    discard: async () => {},
  };
}

async function openFile(path: string): Promise<Output> {
  const partial = `${path}.${process.pid}.partial`;
  const stream = createWriteStream(partial);
  // Reported by the write or the finish that comes next.
  stream.on("error", () => {});
  const explained = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      const reason = explainFileError(error, path) ?? String(error);
      throw new OutputError(`the output cannot be written: ${reason}`, { cause: error });
    }
  };
  await explained(() => once(stream, "open"));
  return {
    write: (text) =>
      explained(async () => {
        if (stream.errored !== null) throw stream.errored;
        if (!stream.write(text)) await once(stream, "drain");
      }),
    finish: () =>
      explained(async () => {
        stream.end();
        await finished(stream);
        await rename(partial, path);
      }),
    async discard() {
      stream.destroy();
      await rm(partial, { force: true });
    },
  };
}
