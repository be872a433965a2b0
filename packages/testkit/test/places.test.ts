import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  createVirtualLan,
  namespacesUnavailable,
  smallDisk,
  smallDiskUnavailable,
  temporaryDirectory,
} from "../src/index.ts";

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
    expect(reaches(a, b.address, SILENCE_MS)).toBe(false);
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
    expect(reaches(onEast, onWest.address, SILENCE_MS)).toBe(false);
    expect(() => onEast.addressOn(west)).toThrow("not plugged");
  });

  test("knows the processes on its hosts, whatever their environment says", async () => {
    using lan = createVirtualLan();
    const host = lan.addHost(lan.addSwitch("10.77.1"));
    expect(lan.processes()).toEqual([]);
    const [program, ...args] = host.command("sleep", "60");
    const child = spawn(program, args, { env: { PATH: process.env["PATH"] }, stdio: "ignore" });
    onTestFinished(() => void child.kill("SIGKILL"));
    await expect.poll(() => lan.processes()).toEqual([child.pid]);
    child.kill("SIGKILL");
    await expect.poll(() => lan.processes()).toEqual([]);
  });

  test("everything is removed, also what a killed process left", async () => {
    const orphan = killedBehind(`import { createVirtualLan } from "@lanspread/testkit";
      const lan = createVirtualLan(); console.log(lan.addHost(lan.addSwitch("10.77.1")).name);`);
    expect(orphan).toMatch(/^lsp\d+-\d+$/);
    let name = "";
    {
      using lan = createVirtualLan();
      name = lan.addHost(lan.addSwitch("10.77.1")).name;
      expect(readdirSync("/run/netns")).toContain(name);
      // Whoever makes a network beside this test may be at it just now.
      await expect.poll(() => readdirSync("/run/netns")).not.toContain(orphan);
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

  test("that a killed process left is unmounted by the next, and that of a living one stays", async () => {
    // Whoever makes a disk beside this test may be the next, too.
    await using place = await temporaryDirectory();
    const script = (then: string): string => `import { smallDisk } from "@lanspread/testkit";
      const disk = await smallDisk(65536); console.log(disk.path); ${then}`;
    const mounted = (): string => readFileSync("/proc/mounts", "utf8");
    const orphan = killedBehind(script(""), place.path);
    // Killed before it had mounted anything.
    await mkdir(`${orphan.slice(0, -6)}aaaaaa`);
    const living = startScript(script("process.stdin.resume();"), place.path);
    const [shown] = (await once(living.stdout, "data")) as [Buffer];
    const kept = shown.toString().trim();
    expect(mounted()).not.toContain(` ${orphan} `);
    expect(await readdir(place.path)).toEqual([basename(kept)]);
    killedBehind(script(""), place.path);
    expect(mounted()).toContain(` ${kept} `);
    living.kill("SIGKILL");
    await once(living, "exit");
    const last = startScript(script("process.stdin.resume();"), place.path);
    await once(last.stdout, "data");
    expect(mounted()).not.toContain(` ${kept} `);
    last.stdin.end();
    await once(last, "exit");
    expect(await readdir(place.path)).toEqual([]);
  });
});

const NODE_ARGS = ["--conditions=source", "--input-type=module", "-e"];

/** Where scripts find this package by its name, and have their temporary files. */
function where(place: string | undefined) {
  const temporary = place === undefined ? {} : { TMPDIR: place };
  return { cwd: new URL("../../peer", import.meta.url), env: { ...process.env, ...temporary } };
}

function startScript(script: string, place: string): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [...NODE_ARGS, script], where(place));
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** Runs a script that is killed at its end, and returns what it printed. */
function killedBehind(script: string, place?: string): string {
  const text = `${script}\nprocess.kill(process.pid, "SIGKILL");`;
  const left = spawnSync(process.execPath, [...NODE_ARGS, text], { ...where(place), encoding: "utf8" });
  expect(left.signal, left.stderr).toBe("SIGKILL");
  return left.stdout.trim();
}

function note(reason: string | undefined): string {
  return reason === undefined ? "" : ` (skipped: ${reason})`;
}

/** How long a host that is reached may take to answer on a busy machine, and how long one is waited for that is not, ms. */
const ANSWER_MS = 30_000;
const SILENCE_MS = 400;

/** Datagrams to a port where nobody listens come back as a refusal, and only from a host that is reached. */
function reaches(
  from: ReturnType<ReturnType<typeof createVirtualLan>["addHost"]>,
  address: string,
  patienceMs = ANSWER_MS,
): boolean {
  const script = `const s = require("dgram").createSocket("udp4");
    const end = (what) => { console.log(what); process.exit(); };
    s.on("error", (e) => { if (e.code === "ECONNREFUSED") end(e.code); });
    s.connect(9, "${address}", (e) => { if (!e) setInterval(() => s.send("x"), 50); });
    setTimeout(() => end("silence"), ${patienceMs});`;
  return from.run(process.execPath, "-e", script).trim() === "ECONNREFUSED";
}
