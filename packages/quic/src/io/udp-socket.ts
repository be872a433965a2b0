import type { Address, DatagramSocket } from "../types.ts";
import { createDgramSocket } from "./dgram-socket.ts";

/** Binds a UDP socket in the fastest way that this machine offers. Rejects with the system's error. */
export async function openUdpSocket(address: Address): Promise<{ socket: DatagramSocket; kind: string }> {
  return { socket: await createDgramSocket(address), kind: "dgram" };
}
