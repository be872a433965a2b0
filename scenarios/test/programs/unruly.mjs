// A program that breaks the harness contract in the ways its first argument names; the driver has to cope.
import { createInterface } from "node:readline";

const mode = process.argv[2];
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const event = (name, data) => say({ type: "event", event: name, time: 1, data });

// Before the first word: who hears that may send a signal at once.
if (mode === "stubborn") {
  for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => {});
  setInterval(() => {}, 1_000);
}
if (mode === "deaf") {
  process.on("SIGTERM", () => process.exit(0));
  setInterval(() => {}, 1_000);
}
event("local-peer-ready", {
  peer_id: "6fa459ea-ee8a-8ca4-894e-db77e160355e",
  addr: "127.0.0.1:1",
  lanes: [],
});
if (mode === "chatter") {
  process.stdout.write('a stray line\n{"type":"nonsense"}\n');
  process.stderr.write("said on stderr\n");
}
if (mode === "dies") {
  process.stderr.write("out of luck\n");
  process.exitCode = 7;
} else {
  createInterface({ input: process.stdin }).on("line", (line) => {
    const command = JSON.parse(line);
    if (command.cmd === "status")
      say({ type: "error", id: command.id, cmd: "status", code: "internal", message: "no" });
    if (command.cmd === "list-peers") {
      // Answers out of order: the second question first.
      if (command.late)
        setTimeout(() => say({ type: "result", id: command.id, cmd: "list-peers", data: { peers: [] } }), 50);
      else say({ type: "result", id: command.id, cmd: "list-peers", data: { peers: [1] } });
    }
    if (command.cmd === "shutdown" && mode !== "stubborn" && mode !== "deaf") {
      say({ type: "result", id: command.id, cmd: "shutdown", data: {} });
      process.exit(0);
    }
  });
}
