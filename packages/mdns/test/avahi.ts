import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  eventually,
  type LanHost,
  namespacesUnavailable,
  type TemporaryDirectory,
  temporaryDirectory,
} from "@lanspread/testkit";

/** Ends a program when the one that started it ends. */
const KEEPER = "setpriv";
const ASK_BUS = "dbus-send";
const PROGRAMS = ["avahi-daemon", "avahi-browse", "avahi-publish", "dbus-daemon", ASK_BUS, KEEPER];

/** Why Avahi cannot be run here, or undefined where it can: for the title of a skipped test. */
export function avahiUnavailable(): string | undefined {
  const reason = namespacesUnavailable();
  if (reason !== undefined) return reason;
  const missing = PROGRAMS.filter((program) => !isInstalled(program));
  return missing.length === 0 ? undefined : `not installed: ${missing.join(", ")}`;
}

function isInstalled(program: string): boolean {
  try {
    execFileSync("which", [program], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** What `avahi-browse --parsable --resolve` prints of one instance on one interface. */
export interface AvahiInstance {
  readonly device: string;
  readonly protocol: string;
  readonly instance: string;
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly txt: readonly string[];
}

/** A machine that runs Avahi, with a D-Bus of its own: nothing of this machine's own daemons is used or disturbed. */
export class AvahiHost implements AsyncDisposable {
  readonly #host: LanHost;
  readonly #directory: TemporaryDirectory;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #processes: ChildProcess[] = [];
  #said = "";

  static async start(host: LanHost): Promise<AvahiHost> {
    const avahi = new AvahiHost(host, await temporaryDirectory());
    try {
      await avahi.#start();
      return avahi;
    } catch (error) {
      await avahi[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(host: LanHost, directory: TemporaryDirectory) {
    this.#host = host;
    this.#directory = directory;
    this.#environment = {
      ...process.env,
      LC_ALL: "C.UTF-8",
      DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${this.#path("bus")}`,
    };
  }

  /** What a program of this machine finds: `avahi-browse -rtp TYPE`. */
  browse(type: string): AvahiInstance[] {
    const [program, ...args] = this.#host.command("avahi-browse", "-rtp", plain(type));
    const printed = execFileSync(program, args, { env: this.#environment, encoding: "utf8" });
    return printed.split("\n").flatMap((line) => {
      const [
        mark,
        device = "",
        protocol = "",
        instance = "",
        ,
        ,
        host = "",
        address = "",
        port = "",
        ...txt
      ] = line.split(";");
      if (mark !== "=") return [];
      const texts = [...txt.join(";").matchAll(/"([^"]*)"/g)].map(([, text = ""]) => text);
      return [
        { device, protocol, instance: unescaped(instance), host, address, port: Number(port), txt: texts },
      ];
    });
  }

  /** Advertises until the function returned is called: `avahi-publish -s`. */
  publish(instance: string, type: string, port: number, ...txt: readonly string[]): () => Promise<void> {
    const child = this.#spawn("avahi-publish", "-s", instance, plain(type), String(port), ...txt);
    return () => ended(child, "SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#processes.splice(0).reverse()) await ended(child, "SIGKILL");
    await this.#directory[Symbol.asyncDispose]();
  }

  async #start(): Promise<void> {
    writeFileSync(this.#path("dbus.conf"), busConfiguration(this.#path("bus")));
    writeFileSync(this.#path("avahi.conf"), avahiConfiguration(this.#host.name));
    mkdirSync(this.#path("run"));
    this.#spawn("dbus-daemon", `--config-file=${this.#path("dbus.conf")}`, "--nofork", "--nopidfile");
    await this.#until("the bus", () => this.#isAnswering("org.freedesktop.DBus"));
    // Its pid file has a fixed place: /run is another one here, in the mount namespace that the command runs in.
    const daemon = `avahi-daemon --no-drop-root --no-chroot --no-rlimits --no-proc-title -f ${this.#path("avahi.conf")}`;
    this.#spawn("sh", "-c", `mount --bind ${this.#path("run")} /run && exec ${daemon}`);
    await this.#until("avahi-daemon", () => this.#isAnswering("org.freedesktop.Avahi"));
  }

  #path(name: string): string {
    return join(this.#directory.path, name);
  }

  async #until(what: string, look: () => boolean): Promise<void> {
    await eventually(look, { what: `the start of ${what}`, deadlineMs: 60_000, intervalMs: 50 }).catch(
      (error) => {
        throw new Error(`${error instanceof Error ? error.message : error}: ${this.#said}`, { cause: error });
      },
    );
  }

  #isAnswering(name: string): boolean {
    const question = [
      "--print-reply",
      "--dest=org.freedesktop.DBus",
      "/",
      "org.freedesktop.DBus.NameHasOwner",
    ];
    const address = `--bus=${this.#environment["DBUS_SYSTEM_BUS_ADDRESS"]}`;
    const answer = execFileSync(ASK_BUS, [address, ...question, `string:${name}`], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return answer.includes("boolean true");
  }

  /** Runs in the host's namespace, and not longer than this process, however that ends. */
  #spawn(...command: readonly [string, ...string[]]): ChildProcess {
    const args = ["--pdeathsig", "KILL", ...this.#host.command(...command)];
    const child = spawn(KEEPER, args, { env: this.#environment, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        this.#said += chunk.toString();
      });
    }
    this.#processes.push(child);
    return child;
  }
}

/** Avahi adds the domain itself. */
function plain(type: string): string {
  return type.replace(/\.local$/, "");
}

/** Avahi writes what is no letter or digit as `\` and three decimal digits, byte by byte. */
function unescaped(text: string): string {
  const bytes = text.replace(
    /\\(\d{3})|\\(.)/g,
    (_all, code: string | undefined, char: string | undefined) =>
      code === undefined ? (char ?? "") : String.fromCharCode(Number(code)),
  );
  // Whatever is not escaped is ASCII.
  return Buffer.from(bytes, "latin1").toString("utf8");
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await closed;
}

function busConfiguration(socket: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
`;
}

function avahiConfiguration(hostname: string): string {
  return `[server]
host-name=${hostname}
use-ipv4=yes
use-ipv6=no
enable-dbus=yes
[wide-area]
enable-wide-area=no
[publish]
publish-workstation=no
publish-hinfo=no
`;
}
