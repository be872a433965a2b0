import { Command, CommanderError, type OutputConfiguration } from "commander";
import type { CatalogBuildFlags } from "./commands/catalog-build.ts";
import type { CertsRotateFlags } from "./commands/certs-rotate.ts";
import type { DesktopFlags } from "./commands/desktop.ts";
import type { GetFlags } from "./commands/get.ts";
import type { HarnessFlags } from "./commands/harness.ts";
import type { RemoveFlags } from "./commands/remove.ts";
import { DEFAULT_RATE, MAX_RATE } from "./demo/constants.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import {
  addOutputOptions,
  addPeerOptions,
  addUnpackerOption,
  addWaitOption,
  type OutputFlags,
  type PeerFlags,
  parseCount,
  type WaitFlags,
} from "./options.ts";
import type { CommandContext, CommandOutcome } from "./run-command.ts";

/** Seconds that `peers` and `games` listen: a peer that is there answers within two. */
const LIST_WAIT_SECONDS = 3;
/** Seconds that `get` looks for somebody who has the game; it goes on as soon as somebody has. */
const GET_WAIT_SECONDS = 10;

/**
 * The whole command line. Parsing it loads nothing but commander: what a command needs is imported when it runs.
 * `done` receives the exit code of the command that ran.
 */
function buildProgram(version: string, done: (code: ExitCode) => void): Command {
  const program = new Command("lanspread")
    .description("Share game libraries at a LAN party: no server, no internet.")
    .version(version, "-V, --version", "print the version")
    .showHelpAfterError("(add --help for the options)")
    .helpCommand("help [command]", "print the help of a command");

  withUnpacker(program.command("serve").description("share the games folder and stay until Ctrl+C"))
    .addHelpText(
      "after",
      examples(
        ["lanspread serve --games-dir /srv/games", "share everything in this folder"],
        ["lanspread serve --name attic --interface 192.168.1.20", "only on one network, under this name"],
        ["lanspread serve --json", "one JSON line per event on stdout"],
      ),
    )
    .action(async (flags: PeerFlags & OutputFlags) => {
      done(
        await runCommand(flags, async (context) =>
          (await import("./commands/serve.ts")).serve(context, flags),
        ),
      );
    });

  withUnpacker(
    program.command("desktop").description("show the party in a window, and share the games folder"),
  )
    .option("--no-window", "print the address instead of opening a window")
    .option("--browser-flag <flag>", "flag for the browser, like --no-sandbox; repeatable", collect)
    .option("--demo", "a party on this computer alone, with folders of its own that are removed at the end")
    .option(
      "--demo-rate <MB/s>",
      "how fast each player of the demo sends",
      (text) => parseCount(text, 1, MAX_RATE),
      DEFAULT_RATE,
    )
    .addHelpText(
      "after",
      examples(
        ["lanspread desktop", "in a window of Chromium, Chrome or Edge, else in your browser"],
        ["lanspread desktop --no-window", "print the address, for a browser of your choice"],
        ["lanspread desktop --demo", "three players with games, for somebody who is alone"],
      ),
    )
    .action(async (flags: PeerFlags & OutputFlags & DesktopFlags) => {
      done(
        await runCommand(flags, async (context) =>
          (await import("./commands/desktop.ts")).desktop(context, flags, version),
        ),
      );
    });

  addWaitOption(withOptions(program.command("peers").description("list who is there")), LIST_WAIT_SECONDS)
    .addHelpText(
      "after",
      examples(
        ["lanspread peers", "names, addresses and number of games"],
        ["lanspread peers --json --wait 10", "listen longer, for scripts"],
      ),
    )
    .action(async (flags: PeerFlags & OutputFlags & WaitFlags) => {
      done(
        await runCommand(flags, async (context) =>
          (await import("./commands/peers.ts")).peers(context, flags),
        ),
      );
    });

  addWaitOption(
    withOptions(program.command("games").description("list every game here and at the others, each once")),
    LIST_WAIT_SECONDS,
  )
    .addHelpText(
      "after",
      examples(
        ["lanspread games", "what there is, who has it, what is already here"],
        ["lanspread games --party finals --json", "another party's games, for scripts"],
      ),
    )
    .action(async (flags: PeerFlags & OutputFlags & WaitFlags) => {
      done(
        await runCommand(flags, async (context) =>
          (await import("./commands/games.ts")).games(context, flags),
        ),
      );
    });

  addWaitOption(
    withUnpacker(program.command("get").description("download games from the others and install them")),
    GET_WAIT_SECONDS,
  )
    .argument("<id...>", "ids of the games, as `lanspread games` prints them")
    .option("--no-install", "keep the downloaded files packed")
    .option("--low-disk", "install what comes at once: the archives are not stored, and not shared")
    .addHelpText(
      "after",
      examples(
        ["lanspread get quake3", "download, verify and install one game"],
        ["lanspread get bf1942 cnctw --no-install", "download two, unpack neither"],
        ["lanspread get bf1942 --low-disk", "for a disk without room for download and install"],
      ),
    )
    .action(async (ids: string[], flags: PeerFlags & OutputFlags & GetFlags) => {
      done(
        await runCommand(flags, async (context) =>
          (await import("./commands/get.ts")).get(context, ids, flags),
        ),
      );
    });

  addWaitOption(
    withUnpacker(
      program
        .command("update")
        .description(
          "bring games that are here to the newest version there is, and what is installed with them",
        ),
    ),
    LIST_WAIT_SECONDS,
  )
    .argument("[id...]", "ids of downloaded games (default: all of them)")
    .addHelpText(
      "after",
      `${examples(
        [
          "lanspread update quake3",
          "fetch the newest version, and install it over the old one if that is installed",
        ],
        ["lanspread update", "every game that is here and of which somebody has a newer version"],
      )}\nAn update keeps what you have in local/: saved games, and files that you made or changed, unless the new version brings\nthem too. Where it fails the old install is as it was.\n`,
    )
    .action(async (ids: string[], flags: PeerFlags & OutputFlags & WaitFlags) => {
      done(
        await runCommand(flags, async (context) =>
          (await import("./commands/update.ts")).update(context, ids, flags),
        ),
      );
    });

  withUnpacker(program.command("install").description("install downloaded games"))
    .argument("<id...>", "ids of downloaded games")
    .addHelpText(
      "after",
      examples(
        ["lanspread install quake3", "unpack it into its folder local/"],
        ["lanspread install quake3 --unrar /usr/bin/unrar", "with another program than the built-in UnRAR"],
      ),
    )
    .action(async (ids: string[], flags: PeerFlags & OutputFlags) => {
      done(
        await runCommand(flags, async (context) =>
          (await import("./commands/install.ts")).install(context, ids, flags),
        ),
      );
    });

  withOptions(
    program.command("uninstall").description("remove the installed files of games; the download stays"),
  )
    .argument("<id...>", "ids of installed games")
    .addHelpText(
      "after",
      examples([
        "lanspread uninstall quake3",
        "delete its folder local/ with everything in it, saved games too",
      ]),
    )
    .action(async (ids: string[], flags: PeerFlags & OutputFlags) => {
      done(
        await runCommand(flags, async (context) =>
          (await import("./commands/uninstall.ts")).uninstall(context, ids, flags),
        ),
      );
    });

  withOptions(program.command("remove").description("delete downloaded games that are not installed"))
    .argument("<id...>", "ids of downloaded games")
    .option("-y, --yes", "do not ask")
    .addHelpText(
      "after",
      examples(
        ["lanspread remove quake3", "delete its folder with everything in it, after a question"],
        ["lanspread remove quake3 bf1942 --yes", "for scripts: without one"],
      ),
    )
    .action(async (ids: string[], flags: PeerFlags & OutputFlags & RemoveFlags) => {
      done(
        await runCommand(flags, async (context) =>
          (await import("./commands/remove.ts")).remove(context, ids, flags),
        ),
      );
    });

  addCatalogCommand(program, done);

  const certs = program.command("certs").description("certificates of a closed party");
  certs.addHelpText("after", examples(["lanspread certs rotate --out ./our-party", "make new ones"]));
  addOutputOptions(certs.command("rotate").description("make the certificates of a closed party"))
    .requiredOption("--out <dir>", "folder for the new certificate and its key; nothing in it is overwritten")
    .option("--name <name>", "name in the certificate")
    .addHelpText(
      "after",
      examples(
        ["lanspread certs rotate --out ./our-party", "make the files, then copy the folder to every member"],
        ["lanspread serve --party-ca ./our-party", "share with those who have the folder, and nobody else"],
      ),
    )
    .action(async (flags: OutputFlags & CertsRotateFlags) => {
      done(
        await runCommand(flags, async (context) =>
          (await import("./commands/certs-rotate.ts")).certsRotate(context, flags),
        ),
      );
    });

  addUnpackerOption(
    addPeerOptions(program.command("harness").description("drive a peer by JSON lines on stdin and stdout")),
  )
    .option("-v, --verbose", "tell what happens on stderr; twice: everything", (_, n: number) => n + 1, 0)
    .option(
      "--fixture <id>",
      "make a small real game in the games folder first; repeatable",
      (id, ids: string[]) => [...ids, id],
      [],
    )
    .addHelpText(
      "after",
      `${examples(
        [
          "lanspread harness --games-dir ./a --state-dir ./a-state --fixture ggoo",
          "a peer that shares a small game",
        ],
        ['echo \'{"id":1,"cmd":"status"}\' | lanspread harness', "ask one question"],
      )}\nOne JSON command per line on stdin, one JSON object per line on stdout; the end of stdin is the end of the peer.\n`,
    )
    .action(async (flags: PeerFlags & HarnessFlags) => {
      done(
        await runCommand(flags, async (context) =>
          (await import("./commands/harness.ts")).harness(context, flags),
        ),
      );
    });

  return program;
}

function addCatalogCommand(program: Command, done: (code: ExitCode) => void): void {
  const catalog = program.command("catalog").description("the list of games that a party plays");
  catalog.addHelpText("after", examples(["lanspread catalog build /srv/games --out party.json", "make one"]));
  addOutputOptions(catalog.command("build").description("make a catalog of the games in a folder"))
    .argument("<dir>", "folder with the games; it is only read, every byte of it once")
    .option("--out <file>", "write the catalog there, keeping what people wrote in it (default: print it)")
    .option("--merge <file>", "take what people wrote (name, genre, description ...) from this catalog")
    .option("--name <name>", "name of the catalog (default: that of the old one, else that of the folder)")
    .option("--prune", "leave out the old entries of games that are not in the folder")
    .option("--force", "replace a file that is no catalog")
    .addHelpText(
      "after",
      `${examples(
        [
          "lanspread catalog build /srv/games --out party.json",
          "hash every game; again later: bring it up to date",
        ],
        [
          "lanspread catalog build /srv/games --merge last-year.json > party.json",
          "with last year's descriptions",
        ],
        ["lanspread serve --catalog party.json", "play only these games, with exactly these bytes"],
      )}\nA game is a folder with a version.ini in it. Version, size and content_id come from the disk, everything else is yours\nto write.\n`,
    )
    .action(async (directory: string, flags: OutputFlags & CatalogBuildFlags) => {
      done(
        await runCommand(flags, async (context) =>
          (await import("./commands/catalog-build.ts")).catalogBuild(context, directory, flags),
        ),
      );
    });
}

/** Parses the arguments (without node and script) and runs the command; resolves with the exit code. */
export async function runProgram(args: readonly string[], version: string): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = buildProgram(version, (result) => {
    code = result;
  });
  const output: OutputConfiguration = { outputError: (text, write) => write(text) };
  forEachCommand(program, (command) => void command.exitOverride().configureOutput(output));
  try {
    await program.parseAsync([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Asked for help or version: done. Everything else that commander ends is a wrong command line.
    return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  }
  return code;
}

/** As `runCommand`, which is loaded only when a command runs. */
async function runCommand(
  flags: OutputFlags,
  run: (context: CommandContext) => Promise<CommandOutcome>,
): Promise<ExitCode> {
  const { runCommand: runLoaded } = await import("./run-command.ts");
  return runLoaded(flags, run);
}

function withOptions(command: Command): Command {
  return addOutputOptions(addPeerOptions(command));
}

/** For the commands whose peer may unpack. */
function withUnpacker(command: Command): Command {
  return addOutputOptions(addUnpackerOption(addPeerOptions(command)));
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

function forEachCommand(command: Command, apply: (command: Command) => void): void {
  apply(command);
  for (const child of command.commands) forEachCommand(child, apply);
}

function examples(...list: readonly (readonly [command: string, what: string])[]): string {
  return [
    "",
    "Examples:",
    ...list.flatMap(([command, what]) => [`  $ ${command}`, `      ${what}`]),
    "",
  ].join("\n");
}
