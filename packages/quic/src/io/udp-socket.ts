import type { Address, DatagramSocket } from "../types.ts";
import { createDgramSocket } from "./dgram-socket.ts";
import type { Libc } from "./linux/libc.ts";
import { createLinuxSocket } from "./linux/linux-socket.ts";

/** Binds a UDP socket in the fastest way that this machine offers. Rejects with the system's error. */
export async function openUdpSocket(
  address: Address,
  load?: () => Promise<Libc | null>,
): Promise<{ socket: DatagramSocket; kind: string }> {
  const fast = await createLinuxSocket(address, load);
  if (fast !== null) return { socket: fast, kind: "recvmmsg" };
  return { socket: await createDgramSocket(address), kind: "dgram" };
}
