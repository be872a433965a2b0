import { isAbortError, PeerError } from "./peer-error.ts";
import type { PeerErrorCode } from "./registry.ts";

/** The system calls that look for a directory: when they find nothing, the directory is what is missing. */
const DIRECTORY_CALLS = new Set(["scandir", "opendir", "mkdir", "mkdtemp", "rmdir", "statfs"]);

interface Mapping {
  readonly code: PeerErrorCode;
  readonly says: string;
  /** Where the registry's is too general. */
  readonly hint?: string;
}

/** errno name → our code, and the end of the sentence that begins with the path. */
const MAPPINGS: Readonly<Record<string, Mapping>> = {
  ENOSPC: { code: "disk-full", says: "the disk is full" },
  EDQUOT: { code: "disk-full", says: "your disk quota is used up" },
  EFBIG: { code: "disk-full", says: "the file system takes no file of this size" },
  EACCES: { code: "no-permission", says: "access is denied" },
  EPERM: { code: "no-permission", says: "the operation is not permitted" },
  EROFS: {
    code: "no-permission",
    says: "the file system is read-only",
    hint: "Mount it for writing, or choose a directory on another disk.",
  },
  ENOENT: { code: "no-such-file", says: "no such file" },
  ENOTDIR: { code: "not-a-directory", says: "not a directory" },
  ENAMETOOLONG: { code: "path-too-long", says: "the path is too long" },
  EEXIST: { code: "already-exists", says: "it exists already" },
  EMFILE: { code: "too-many-files", says: "too many files are open" },
  ENFILE: { code: "too-many-files", says: "too many files are open on this machine" },
  EIO: { code: "disk-error", says: "the disk reports an error" },
  EADDRINUSE: { code: "port-taken", says: "the port is in use" },
  EADDRNOTAVAIL: { code: "no-network-interface", says: "this machine does not have the address" },
  ENETUNREACH: { code: "no-network-interface", says: "the network cannot be reached" },
  ENETDOWN: { code: "no-network-interface", says: "the network is down" },
};

/** `EACCES` where an address was to be listened on: no file is what stands in the way. */
const PORT_REFUSED: Mapping = {
  code: "no-permission",
  says: "the operating system does not let your user listen there",
  hint: "Choose a port above 1023 (0 chooses a free one).",
};

/** The errno name of an error of Node's file system or network functions, such as `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  const code = stringField(error, "code");
  // Node's own errors (ERR_…) have an underscore, errno names never do.
  return code !== undefined && /^E[A-Z0-9]+$/u.test(code) ? code : undefined;
}

function stringField(error: unknown, name: "code" | "path" | "syscall"): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const value: unknown = Reflect.get(error, name);
  return typeof value === "string" ? value : undefined;
}

/**
 * Turns an error of Node's functions into a {@link PeerError} that names what it is about.
 *
 * @param subject the path (or address) that was worked on; the error's own path is used where it has one and
 *   `subject` is absent.
 * @returns the error itself when it is a PeerError already.
 */
export function fromNodeError(error: unknown, subject?: string): PeerError {
  if (error instanceof PeerError) return error;
  if (isAbortError(error))
    return new PeerError("cancelled", "The operation was cancelled.", { cause: error });
  const about = subject ?? stringField(error, "path") ?? "the system";
  const errno = errnoOf(error);
  const syscall = stringField(error, "syscall") ?? "";
  const mapping = errno === "EACCES" && syscall === "bind" ? PORT_REFUSED : MAPPINGS[errno ?? ""];
  if (mapping === undefined) {
    const detail = error instanceof Error ? error.message : String(error);
    return new PeerError("internal", `${about}: ${detail}`, { cause: error });
  }
  if (errno === "ENOENT" && DIRECTORY_CALLS.has(syscall)) {
    return new PeerError("no-such-directory", `${about}: no such directory`, { cause: error });
  }
  const { code, says, hint } = mapping;
  return new PeerError(code, `${about}: ${says}`, { cause: error, ...(hint === undefined ? {} : { hint }) });
}
