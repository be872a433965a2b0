/**
 * A program of its own with mDNS: advertises and browses one type on the interfaces given, and writes what it
 * sees as lines of JSON. Lines on its input are orders: `{"update": {...}}`, `{"close": true}`.
 *
 * node child.ts TYPE INSTANCE PORT INTERFACES TXT
 */
import { createInterface } from "node:readline";
import { createMdns } from "../src/index.ts";

const [type = "", instance = "", port = "0", interfaces = "", txt = "{}"] = process.argv.slice(2);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const mdns = createMdns(interfaces === "" ? {} : { interfaces: interfaces.split(",") });
await mdns.ready();
const browser = mdns.browse(type);
for (const event of ["up", "changed", "down"] as const)
  browser.on(event, (found) => say({ event, ...found }));
const own =
  instance === "" ? undefined : mdns.advertise({ type, instance, port: Number(port), txt: JSON.parse(txt) });
say({ event: "ready", interfaces: mdns.interfaces().filter(({ state }) => state !== "ignored") });

for await (const line of createInterface(process.stdin)) {
  const order: { update?: Record<string, string>; close?: true; interfaces?: true } = JSON.parse(line);
  if (order.update !== undefined) own?.update(order.update);
  if (order.interfaces === true) say({ event: "interfaces", interfaces: mdns.interfaces() });
  if (order.close === true) break;
}
await mdns.close();
say({ event: "closed" });
process.stdin.destroy();
