import { constants } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { constants as os } from "node:os";
import { dirname } from "node:path";
import { DataType, load, open as openLibrary } from "ffi-rs";

/** Held until it is released, or until the process ends: the kernel releases it then, however the process ends. */
export interface ProcessLock {
  release(): Promise<void>;
}

export type LockOutcome =
  | { readonly kind: "acquired"; readonly lock: ProcessLock }
  /** `pid` is null when the holder has not written its process id yet. */
  | { readonly kind: "held"; readonly pid: number | null };

/** flock(2); the same numbers on Linux and macOS. */
const LOCK_EX = 2;
const LOCK_NB = 4;
const LIBRARY = "libc";
const MAX_PID_LENGTH = 20;

/**
 * Lets one process at a time hold `file`, by an exclusive lock of the operating system (flock(2)). Of several that try at once exactly one
 * acquires it, and none waits. The file names the holder's process id for people; only the lock on it counts, so a file that was left behind
 * holds nothing. The file is never deleted: a starter could then lock the deleted file while another one locks its successor.
 */
export async function acquireProcessLock(file: string): Promise<LockOutcome> {
  await mkdir(dirname(file), { recursive: true });
  // Not "w": opening must not erase the holder's process id. Node opens with O_CLOEXEC, so no child keeps the lock.
  const handle = await open(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    if (!lockExclusively(handle, file)) {
      const pid = await readPid(handle);
      await handle.close();
      return { kind: "held", pid };
    }
    await handle.truncate(0);
    await handle.write(`${process.pid}\n`, 0);
    return { kind: "acquired", lock: heldLock(handle) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function heldLock(handle: FileHandle): ProcessLock {
  let released: Promise<void> | null = null;
  const release = async (): Promise<void> => {
    try {
      await handle.truncate(0);
    } finally {
      await handle.close();
    }
  };
  return {
    release() {
      released ??= release();
      return released;
    },
  };
}

/** False: somebody else has it. */
function lockExclusively(handle: FileHandle, file: string): boolean {
  // The empty path stands for the libraries that this process has loaded, libc among them.
  openLibrary({ library: LIBRARY, path: "" });
  for (;;) {
    const { value, errnoCode, errnoMessage } = load<DataType.I32, true>({
      library: LIBRARY,
      funcName: "flock",
      retType: DataType.I32,
      paramsType: [DataType.I32, DataType.I32],
      paramsValue: [handle.fd, LOCK_EX | LOCK_NB],
      errno: true,
    });
    if (value === 0) return true;
    if (errnoCode === os.errno.EWOULDBLOCK) return false;
    if (errnoCode !== os.errno.EINTR) {
      throw new Error(`${file} cannot be locked (${errnoMessage}): use a file system that supports flock`);
    }
  }
}

/** Null as long as the file names nobody, or a former holder that has ended. */
async function readPid(handle: FileHandle): Promise<number | null> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_PID_LENGTH), 0, MAX_PID_LENGTH, 0);
  const pid = Number.parseInt(buffer.toString("latin1", 0, bytesRead), 10);
  return Number.isSafeInteger(pid) && pid > 0 && isAlive(pid) ? pid : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
