import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { createVirtualLan, namespacesUnavailable, smallDisk, smallDiskUnavailable } from "../src/index.ts";

const noNamespaces = namespacesUnavailable();
const noDisk = smallDiskUnavailable();

describe.skipIf(noNamespaces !== undefined)(`virtual LAN${note(noNamespaces)}`, () => {
  test("hosts reach each other, and only over a plugged cable", () => {
    using lan = createVirtualLan();
    const wire = lan.addSwitch("10.77.1");
    const a = lan.addHost(wire);
    const b = lan.addHost(wire);
    expect([a.address, b.address]).toEqual(["10.77.1.2", "10.77.1.3"]);
    expect(a.run("ip", "-brief", "address", "show", "dev", "eth0")).toContain("10.77.1.2/24");
    expect(reaches(a, b.address)).toBe(true);
    a.setLink(wire, "down");
    expect(reaches(a, b.address)).toBe(false);
  });

  test("a shaped cable is slow each way by itself, until it is shaped anew", () => {
    using lan = createVirtualLan();
    const wire = lan.addSwitch("10.77.1");
    const host = lan.addHost(wire);
    const others = lan.addHost(wire);
    host.shape(wire, { upMbit: 8 });
    expect(host.run("tc", "qdisc", "show", "dev", "eth0")).toContain("tbf");
    expect(others.run("tc", "qdisc", "show", "dev", "eth0")).not.toContain("tbf");
    host.shape(wire, { upMbit: 16 });
    expect(host.run("tc", "qdisc", "show", "dev", "eth0")).toContain("rate 16Mbit");
    host.shape(wire, { downMbit: 8 });
    expect(host.run("tc", "qdisc", "show", "dev", "eth0")).not.toContain("tbf");
    expect(reaches(host, others.address)).toBe(true);
  });

  test("a host on two switches has an address on each, others stay apart", () => {
    using lan = createVirtualLan();
    const east = lan.addSwitch("10.77.1");
    const west = lan.addSwitch("10.77.2");
    const both = lan.addHost(east, west);
    const onEast = lan.addHost(east);
    const onWest = lan.addHost(west);
    expect([both.addressOn(east), both.addressOn(west)]).toEqual(["10.77.1.2", "10.77.2.2"]);
    expect(reaches(both, onEast.address)).toBe(true);
    expect(reaches(both, onWest.address)).toBe(true);
    expect(reaches(onEast, onWest.address)).toBe(false);
    expect(() => onEast.addressOn(west)).toThrow("not plugged");
  });

  test("everything is removed, also what a killed process left", () => {
    const script = `import { createVirtualLan } from "@lanspread/testkit";
      const lan = createVirtualLan(); console.log(lan.addHost(lan.addSwitch("10.77.1")).name);
      process.kill(process.pid, "SIGKILL");`;
    const left = spawnSync(process.execPath, ["--conditions=source", "--input-type=module", "-e", script], {
      cwd: new URL("../../peer", import.meta.url),
      encoding: "utf8",
    });
    const orphan = left.stdout.trim();
    expect(orphan).toMatch(/^lsp\d+-\d+$/);
    expect(readdirSync("/run/netns")).toContain(orphan);
    let name = "";
    {
      using lan = createVirtualLan();
      name = lan.addHost(lan.addSwitch("10.77.1")).name;
      expect(readdirSync("/run/netns")).toContain(name);
      expect(readdirSync("/run/netns")).not.toContain(orphan);
    }
    expect(readdirSync("/run/netns")).not.toContain(name);
  });
});

describe.skipIf(noDisk !== undefined)(`small disk${note(noDisk)}`, () => {
  test("takes what fits and no more, and is gone afterwards", async () => {
    let path = "";
    {
      await using disk = await smallDisk(256 * 1024);
      path = disk.path;
      await writeFile(disk.join("fits"), new Uint8Array(100 * 1024));
      await expect(writeFile(disk.join("too-big"), new Uint8Array(300 * 1024))).rejects.toThrow("ENOSPC");
    }
    expect(existsSync(path)).toBe(false);
  });
});

function note(reason: string | undefined): string {
  return reason === undefined ? "" : ` (skipped: ${reason})`;
}

/** A datagram to a port where nobody listens comes back as a refusal, and only from a host that is reached. */
function reaches(from: ReturnType<ReturnType<typeof createVirtualLan>["addHost"]>, address: string): boolean {
  const script = `const s = require("dgram").createSocket("udp4");
    s.on("error", (e) => { console.log(e.code); process.exit(); });
    s.connect(9, "${address}", (e) => { if (e) { console.log(e.code); process.exit(); } s.send("x"); });
    setTimeout(() => { console.log("silence"); process.exit(); }, 400);`;
  return from.run(process.execPath, "-e", script).trim() === "ECONNREFUSED";
}
