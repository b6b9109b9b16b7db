import { createReadStream, type ReadStream } from "node:fs";
import { access, constants, stat } from "node:fs/promises";
import { explainFileError } from "../../runtime/file-error.ts";
import { UserError } from "../../runtime/user-error.ts";

/** A command's input file, open for reading. */
export interface Input {
  readonly stream: ReadStream;
  readonly sizeBytes: number;
}

/** Opens a file that a person named. Throws {@link UserError} that names it and what to do when it cannot be read, or has nothing in it. */
export async function openInput(path: string): Promise<Input> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw new UserError(`${path} is a directory: name a file`);
    if (found.isFile() && found.size === 0)
      throw new UserError(`${path} is empty: it must have a header and rows`);
    await access(path, constants.R_OK);
    return { stream: createReadStream(path), sizeBytes: found.size };
  } catch (error) {
    const reason = explainFileError(error, path);
    if (reason === null) throw error;
    throw new UserError(reason, { cause: error });
  }
}
