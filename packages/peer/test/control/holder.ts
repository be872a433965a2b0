// A process that holds a control socket, as a peer does, until it is killed.
import { createServer } from "node:net";
import { formatGreeting } from "../../src/control/greeting.ts";
import { listenExclusively } from "../../src/control/socket-lock.ts";

const server = createServer((socket) => {
  socket.on("error", () => {});
  socket.end(`${formatGreeting({ pid: process.pid, name: "the holder" })}\n`);
});
await listenExclusively(server, process.argv[2] ?? "");
process.stdout.write("holding\n");
