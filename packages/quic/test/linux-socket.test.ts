import { eventually } from "@lanspread/testkit";
import koffi from "koffi";
import { describe, expect, test } from "vitest";
import type { DatagramSocket } from "../src/index.ts";
import { POLL_IDLE_LOOKS, POLL_MAX_MS, TRICKLE_BURSTS } from "../src/io/constants.ts";
import { createDgramSocket } from "../src/io/dgram-socket.ts";
import { type KoffiLoader, type Libc, loadLibc } from "../src/io/linux/libc.ts";
import { createLinuxSocket } from "../src/io/linux/linux-socket.ts";
import { openUdpSocket } from "../src/io/udp-socket.ts";

const ANY = { host: "127.0.0.1", port: 0 };

/** The real calls, as far as they are not replaced. */
async function libcWith(replaced: Partial<Libc>): Promise<Libc> {
  const libc = await loadLibc();
  if (libc === null) throw new Error("no C library");
  return { ...libc, ...replaced };
}

/** Sends a datagram from one socket to another and back. */
async function exchange(a: DatagramSocket, b: DatagramSocket): Promise<void> {
  const got: number[] = [];
  a.onMessage((bytes) => got.push(bytes.length));
  b.onMessage((bytes, from) => b.send(bytes, from.host, from.port));
  a.send(Uint8Array.of(1, 2, 3), b.address.host, b.address.port);
  await eventually(() => got.includes(3));
}

const FAULTS: ReadonlyArray<readonly [string, KoffiLoader]> = [
  ["is not installed", () => Promise.reject(new Error("Cannot find package 'koffi'"))],
  [
    "cannot load the C library",
    async () => ({
      default: {
        ...koffi,
        load: () => {
          throw new Error("libc.so.6: cannot open shared object file");
        },
      },
    }),
  ],
];

test.each(FAULTS)("where koffi %s, node:dgram does the work without a word", async (_, load) => {
  const { socket, kind } = await openUdpSocket(ANY, () => loadLibc(load));
  const other = await createDgramSocket(ANY);
  expect(kind).toBe("dgram");
  await exchange(socket, other);
  await socket.close();
  await other.close();
});

describe.skipIf(process.platform !== "linux")("the socket of system calls (Linux only)", () => {
  test("is the one that is chosen", async () => {
    const { socket, kind } = await openUdpSocket(ANY);
    expect(kind).toBe("recvmmsg");
    await socket.close();
  });

  test("is not chosen where it cannot have a second descriptor", async () => {
    const libc = await libcWith({ duplicate: () => -24 });
    const { socket, kind } = await openUdpSocket(ANY, async () => libc);
    expect(kind).toBe("dgram");
    await socket.close();
  });

  test("goes on looking by the timer while no descriptor is left for waking up", async () => {
    const real = await libcWith({});
    let refuse = false;
    let refused = 0;
    const duplicate = (fd: number) => {
      if (refuse) refused++;
      return refuse ? -24 : real.duplicate(fd);
    };
    const socket = await createLinuxSocket(ANY, async () => ({ ...real, duplicate }));
    if (socket === null) throw new Error("no socket");
    const other = await createDgramSocket(ANY);
    let count = 0;
    socket.onMessage(() => count++);
    const bulk = new Uint8Array(1_472);
    refuse = true;
    const isRefused = async (): Promise<boolean> => {
      // One at a time and without a pause, so that the timer takes over; then silence, so that it wants to stop.
      for (let i = 0; i < 4 * TRICKLE_BURSTS; i++) {
        const before = count;
        other.send(bulk, socket.address.host, socket.address.port);
        while (count === before) await new Promise((resolve) => setImmediate(resolve));
      }
      await new Promise((resolve) => setTimeout(resolve, 4 * POLL_IDLE_LOOKS * POLL_MAX_MS));
      return refused > 0;
    };
    // A machine that stands still makes pauses of its own.
    await eventually(isRefused, { deadlineMs: 90_000 });
    expect(refused).toBeGreaterThan(0);
    await exchange(socket, other);
    refuse = false;
    await exchange(socket, other);
    await socket.close();
    await other.close();
  });

  test("reports a system call that throws, and only that", async () => {
    const real = await libcWith({});
    const failures: unknown[] = [];
    const fault = new Error("no more calls");
    let broken = false;
    const recvmmsg: Libc["recvmmsg"] = (...args) => {
      if (broken) throw fault;
      return real.recvmmsg(...args);
    };
    const socket = await createLinuxSocket(ANY, async () => ({ ...real, recvmmsg }));
    if (socket === null) throw new Error("no socket");
    socket.onFailure?.((error) => failures.push(error));
    const other = await createDgramSocket(ANY);
    await exchange(socket, other);
    expect(failures).toEqual([]);
    broken = true;
    other.send(Uint8Array.of(1), socket.address.host, socket.address.port);
    await eventually(() => failures.length > 0);
    expect(failures[0]).toBe(fault);
    await socket.close();
    await other.close();
  });
});
