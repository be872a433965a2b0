import { createSocket } from "node:dgram";
import { setInterval } from "node:timers/promises";
import { encodeQuestion, recordsIn } from "./dns-records.ts";

// Somebody in a LAN who asks by multicast who is there, and says what is answered: `node ask-multicast.ts ADDRESS TYPE`, an own address
// in that LAN and a type of service. Each record that is heard is a line of stdout, once. Asks until it is killed.

const GROUP = "224.0.0.251";
const PORT = 5353;
/** RFC 6762, 6: a record that was multicast less than a second ago is not multicast again. */
const ASK_AGAIN_MS = 1_100;

const [address = "", type = ""] = process.argv.slice(2);
const heard = new Set<string>();
const hosts = new Set<string>();
const socket = createSocket({ type: "udp4", reuseAddr: true });
socket.on("message", (message) => {
  for (const record of recordsIn(message)) {
    if (record.type === "SRV" && !hosts.has(record.data)) {
      hosts.add(record.data);
      askFor(record.data);
    }
    const line = JSON.stringify(record);
    if (!heard.has(line)) process.stdout.write(`${line}\n`);
    heard.add(line);
  }
});
await new Promise<void>((resolve) => {
  socket.bind(PORT, "0.0.0.0", resolve);
});
socket.addMembership(GROUP, address);
socket.setMulticastInterface(address);

function askFor(host: string): void {
  for (const family of ["A", "AAAA"] as const) socket.send(encodeQuestion(host, family), PORT, GROUP);
}

function ask(): void {
  socket.send(encodeQuestion(type, "PTR"), PORT, GROUP);
  for (const host of hosts) askFor(host);
}

ask();
for await (const _ of setInterval(ASK_AGAIN_MS)) ask();
