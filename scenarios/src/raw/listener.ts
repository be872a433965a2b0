import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { SERVICE_TYPE } from "@lanspread/proto";
import type { Lan } from "../hosts/host.ts";
import type { Stage } from "../stage/stage.ts";
import type { StagePeer } from "../stage/stage-peer.ts";
import type { SaidRecord } from "./dns-records.ts";

const ASKER = fileURLToPath(new URL("./ask-multicast.ts", import.meta.url));

/** Somebody in one LAN who asks by multicast and is no peer. */
export interface Listener {
  /** Every address record of the host on which a peer announces itself that was heard in this LAN; waits for the first. */
  addressesOf(peer: StagePeer): Promise<readonly string[]>;
}

/** Begins to ask in a LAN, from a host of its own there; gone with the scenario. */
export function listenIn(stage: Stage, lan: Lan): Listener {
  const name = `listener in ${lan.subnet}.0/24`;
  const host = stage.hosts.addHost(name, [lan]);
  const [program, ...args] = host.command(
    process.execPath,
    ...[...process.execArgv, ASKER, host.address, SERVICE_TYPE],
  );
  const child = spawn(program, args, {
    env: { ...process.env, ...stage.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  stage.endWith(child);
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => {
    complaint += text.toString();
  });
  const records: SaidRecord[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    records.push(JSON.parse(line) as SaidRecord);
  });
  return {
    async addressesOf(peer) {
      return stage.until(`addresses of ${peer.name} that the ${name} hears`, () => {
        if (child.exitCode !== null) throw new Error(`${name} ended: ${complaint}`);
        const service = `${peer.peerId}.${SERVICE_TYPE}`;
        const target = records.find((record) => record.type === "SRV" && record.name === service)?.data;
        const found = records.filter(
          ({ type, name: of }) => (type === "A" || type === "AAAA") && of === target,
        );
        return found.length > 0 && found.map(({ data }) => data).sort();
      });
    },
  };
}
