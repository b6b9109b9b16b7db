import { constants } from "node:os";

type Explain = (path: string) => string;

/** By the system's code: what it means for a path, and what to do. */
const EXPLANATIONS: Readonly<Record<string, Explain>> = {
  ENOENT: (path) => `there is no file or directory ${path}: check the path`,
  EISDIR: (path) => `${path} is a directory: name a file`,
  ENOTDIR: (path) => `${path} cannot exist, because a part of its path is a file: choose another path`,
  EACCES: (path) => `${path} is not open to this user: change its permissions, or choose another path`,
  EPERM: (path) => `${path} is not open to this user: change its permissions, or choose another path`,
  EROFS: (path) => `${path} is on a read-only file system: choose another path`,
  ENOSPC: (path) => `the disk of ${path} is full: free some space, or choose another path`,
  EDQUOT: (path) => `the disk quota for ${path} is used up: free some space, or choose another path`,
  ENAMETOOLONG: (path) => `${path} is too long for a path: choose a shorter one`,
  ELOOP: (path) => `${path} is a symbolic link that leads to itself: choose another path`,
  EMFILE: (path) => `${path} cannot be opened, because too many files are open: raise the limit (ulimit -n)`,
};

/**
 * What a failed call of the file system means, and what to do; null when the error is of another kind. `path` is for errors that do not
 * name theirs: a failed write does not.
 */
export function explainFileError(error: unknown, path?: string): string | null {
  if (!(error instanceof Error)) return null;
  const { code, syscall, path: own } = readSystemError(error);
  if (code === null || !(code in constants.errno)) return null;
  const subject = path ?? own;
  if (subject === null) return null;
  return EXPLANATIONS[code]?.(subject) ?? `${subject}: ${syscall ?? "the call"} failed with ${code}`;
}

function readSystemError(error: Error): Record<"code" | "syscall" | "path", string | null> {
  return {
    code: "code" in error && typeof error.code === "string" ? error.code : null,
    syscall: "syscall" in error && typeof error.syscall === "string" ? error.syscall : null,
    path: "path" in error && typeof error.path === "string" ? error.path : null,
  };
}
