import { type ShippedFile, textFile } from "./app/shipped-file.ts";
import type { Platform } from "./platforms.ts";

/** The program in an archive. */
export const PROGRAM = "app/node_modules/lanspread/bin/lanspread.mjs";

/** The files that people start. */
export function startersOf(platform: Platform): readonly ShippedFile[] {
  const node = `node/${platform.nodeFile}`;
  switch (platform.system) {
    case "win32":
      return [
        textFile("lanspread.cmd", windowsLines(windowsProgram(node, ""))),
        textFile("lanspread-desktop.cmd", windowsLines(windowsProgram(node, " desktop", KEEP_OPEN))),
      ];
    case "linux":
      return [
        textFile("lanspread", unixProgram(node), true),
        textFile("lanspread-desktop", DESKTOP_SCRIPT, true),
        textFile("lanspread.desktop", DESKTOP_ENTRY, true),
      ];
    case "darwin":
      return [
        textFile("lanspread", unixProgram(node), true),
        textFile("lanspread.command", DESKTOP_SCRIPT, true),
      ];
  }
}

/** Finds its own folder through links, with nothing but a shell; `readlink` is asked where it was started by a link. */
const FIND_HERE = `unset CDPATH
self=$0
while [ -h "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=\${self%/*}/$target ;;
  esac
done
case $self in
  */*) here=\${self%/*}/ ;;
  *) here=./ ;;
esac
here=$(cd "$here" && pwd -P) || exit 1
`;

function unixProgram(node: string): string {
  return `#!/bin/sh
# Starts lanspread with the Node.js that comes with it.
${FIND_HERE}# What is meant for another Node.js on this machine is not for this one.
unset NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS
exec "$here/${node}" "$here/${PROGRAM}" "$@"
`;
}

const DESKTOP_SCRIPT = `#!/bin/sh
# Opens lanspread in a window of its own.
${FIND_HERE}exec "$here/lanspread" desktop "$@"
`;

/** %k is where this file itself is (Desktop Entry Specification, the Exec key): the folder may be anywhere. */
const DESKTOP_ENTRY = `[Desktop Entry]
Type=Application
Version=1.5
Name=lanspread
GenericName=Games of the LAN party
GenericName[de]=Spiele der LAN-Party
Comment=Share, download and install games at a LAN party
Comment[de]=Spiele auf der LAN-Party teilen, laden und installieren
Exec=sh -c "exec \\\\"\\\\\${1%%/*}/lanspread-desktop\\\\"" lanspread %k
Icon=applications-games
Terminal=false
Categories=Game;Network;
Keywords=LAN;games;party;
`;

/**
 * `%~dp0` is the folder of the script, with a backslash at its end. It is asked for in a subroutine: for a script that was called
 * by a name in quotes and found by PATH, the script itself is told the current folder there. Delayed expansion, which
 * a machine may have as its default, would read exclamation marks in paths and arguments as variables.
 *
 * @param end what follows the program
 */
function windowsProgram(node: string, command: string, end = ""): string {
  return `@echo off
setlocal EnableExtensions DisableDelayedExpansion
goto start
:find_here
set "here=%~dp0"
exit /b
:start
call :find_here
set "NODE_OPTIONS="
set "NODE_PATH="
set "NODE_EXTRA_CA_CERTS="
"%here%${node.replaceAll("/", "\\")}" "%here%${PROGRAM.replaceAll("/", "\\")}"${command} %*
${end}`;
}

/** The console of what was opened by a double click closes at its end, and with it what it says of why it failed. */
const KEEP_OPEN = "if %ERRORLEVEL% neq 0 pause\n";

/** The command interpreter misreads labels and parentheses where lines end otherwise. */
function windowsLines(text: string): string {
  return text.replaceAll("\n", "\r\n");
}
