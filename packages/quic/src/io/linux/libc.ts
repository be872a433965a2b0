import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";
import type Koffi from "koffi";

/** A system call's outcome: what it returned, or minus the error number. */
type Outcome = number;

/**
 * The few system calls that `node:dgram` has no words for. Pointers in structures are plain numbers to JavaScript: whoever stores one
 * keeps the memory behind it referenced, or it is freed under the kernel's feet.
 */
export interface Libc {
  /** A UDP socket. It is closed when the thread ends that called this, however that ends. */
  socket(): Outcome;
  /** @param name a `sockaddr_in`. */
  bind(fd: number, name: Uint8Array): Outcome;
  /** @param fd of {@link socket} */
  close(fd: number): void;
  /** Another descriptor of the same socket. */
  duplicate(fd: number): Outcome;
  /** @param headers an array of `struct mmsghdr`. */
  recvmmsg(fd: number, headers: Uint8Array, count: number): Outcome;
  /** @param header a `struct msghdr`. */
  sendmsg(fd: number, header: Uint8Array): Outcome;
  sendto(fd: number, bytes: Uint8Array, name: Uint8Array): Outcome;
  /** Where the bytes are in memory. */
  address(bytes: Uint8Array): bigint;
}

const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const O_CLOEXEC = SOCK_CLOEXEC;
const MSG_DONTWAIT = 0x40;
const F_DUPFD_CLOEXEC = 1_030;

export const EIO = 5;
export const EAGAIN = 11;
export const EINVAL = 22;
const EMFILE = 24;

/** Bytes of a `sockaddr_in`. */
export const SOCKADDR_BYTES = 16;

/** Loads the module that calls C functions. Rejects where it is not installed, or has no binary for this machine. */
export type KoffiLoader = () => Promise<{
  readonly default: Pick<typeof Koffi, "load" | "errno" | "address">;
}>;

/** The C library's UDP calls, or null where there are none that we know: another system, another processor, no `koffi`. */
export async function loadLibc(loadKoffi: KoffiLoader = () => import("koffi")): Promise<Libc | null> {
  // The layouts of the structures below are those of 64-bit Linux.
  if (process.platform !== "linux" || (process.arch !== "x64" && process.arch !== "arm64")) return null;
  try {
    const { default: koffi } = await loadKoffi();
    const library = koffi.load("libc.so.6");
    const socket = library.func("int socket(int domain, int type, int protocol)");
    const bind = library.func("int bind(int fd, void *name, uint32_t length)");
    const close = library.func("int close(int fd)");
    const dup3 = library.func("int dup3(int from, int to, int flags)");
    const fcntl = library.func("int fcntl(int fd, int command, int argument)");
    const recvmmsg = library.func(
      "int recvmmsg(int fd, void *headers, uint32_t count, int flags, void *timeout)",
    );
    const sendmsg = library.func("int64_t sendmsg(int fd, void *header, int flags)");
    const sendto = library.func(
      "int64_t sendto(int fd, void *bytes, size_t length, int flags, void *name, uint32_t nameLength)",
    );
    const outcome = (result: number): Outcome => (result < 0 ? -koffi.errno() : result);
    return {
      socket: () => {
        const bare = outcome(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        if (bare < 0) return bare;
        try {
          return outcome(dup3(bare, ownDescriptor(), O_CLOEXEC));
        } catch {
          return -EMFILE;
        } finally {
          close(bare);
        }
      },
      bind: (fd, name) => outcome(bind(fd, name, SOCKADDR_BYTES)),
      close: closeSync,
      duplicate: (fd) => outcome(fcntl(fd, F_DUPFD_CLOEXEC, 0)),
      recvmmsg: (fd, headers, count) => outcome(recvmmsg(fd, headers, count, MSG_DONTWAIT, null)),
      sendmsg: (fd, header) => outcome(sendmsg(fd, header, MSG_DONTWAIT)),
      sendto: (fd, bytes, name) =>
        outcome(sendto(fd, bytes, bytes.length, MSG_DONTWAIT, name, SOCKADDR_BYTES)),
      address: (bytes) => BigInt(koffi.address(bytes)),
    };
  } catch {
    return null;
  }
}

/**
 * A descriptor to be put something else in. Node closes those that a thread opened by itself when the thread ends, and knows no others
 * (`trackUnmanagedFds` of its workers): a socket would keep its port as long as the process lives.
 */
function ownDescriptor(): number {
  return openSync(devNull, "r");
}

/** A `sockaddr_in`. Null for what is no IPv4 address. */
export function encodeSockaddr(host: string, port: number): Uint8Array | null {
  const parts = host.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return null;
  const name = new Uint8Array(SOCKADDR_BYTES);
  const view = new DataView(name.buffer);
  view.setUint16(0, AF_INET, true);
  view.setUint16(2, port);
  name.set(parts, 4);
  return name;
}
