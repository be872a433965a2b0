import type { Platform } from "./platforms.ts";

interface Start {
  readonly window: string;
  readonly program: string;
  /** What the system must have; VERSION stands for its oldest version. */
  readonly first: string;
}

const STARTS: Readonly<Record<Platform["system"], Start>> = {
  linux: {
    window: "./lanspread-desktop (or lanspread.desktop in a file manager)",
    program: "./lanspread",
    first: `It needs a Linux with glibc VERSION or newer (Debian 12, Ubuntu 22.04, Fedora 35) and libstdc++, as all desktops have it.`,
  },
  win32: {
    window: "lanspread-desktop.cmd",
    program: "lanspread.cmd",
    first: `It needs Windows 10 or newer and the "Microsoft Visual C++ Redistributable" (x64), which most games install as well.
Where Windows warns of an unknown publisher: "More info", then "Run anyway". Where the firewall asks, allow private networks.`,
  },
  darwin: {
    window: "lanspread.command",
    program: "./lanspread",
    first: `It needs macOS VERSION or newer on Apple silicon. Nobody has signed this for Apple: after unpacking, take the mark of the download off once, in Terminal:
  xattr -dr com.apple.quarantine FOLDER`,
  },
};

/** The text of `README.txt`. */
export function readmeOf(platform: Platform, version: string, nodeVersion: string): string {
  const { window, program, first } = STARTS[platform.system];
  return `lanspread ${version} for ${platform.name}

Finds the others at a LAN party by itself, shows everyone's games as one library, fetches, checks, unpacks and installs them.
No server, no internet, no accounts. Nothing has to be installed: keep this folder together, wherever you like.

In a window:      ${window}
For a terminal:   ${program} --help

${first.replace("VERSION", (platform.oldest ?? []).join("."))}
For the window it looks for Chromium, Chrome or Edge, else it opens your browser.

What it keeps between runs is in your user's folder for application data, games are where you say. To remove lanspread, delete
this folder.

Who has lanspread can join an open party: see app/node_modules/certs/README.md.

LICENSE.txt        the licence of lanspread (MIT)
THIRD-PARTY.txt    Node.js ${nodeVersion} and everything else that is in here, with its licences
`;
}
