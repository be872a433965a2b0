import { spawn } from "node:child_process";

/** What brings the windows of a process to the front; null where no program of this system does. */
export function raiseCommand(
  platform: NodeJS.Platform,
  pid: number,
): readonly [program: string, ...args: string[]] | null {
  switch (platform) {
    case "win32":
      return [
        "powershell.exe",
        ...["-NoProfile", "-NonInteractive", "-Command"],
        `(New-Object -ComObject WScript.Shell).AppActivate(${pid})`,
      ];
    case "darwin":
      return [
        "osascript",
        "-e",
        `tell application "System Events" to set frontmost of (first process whose unix id is ${pid}) to true`,
      ];
    case "linux":
      return ["xdotool", "search", "--onlyvisible", "--pid", String(pid), "windowactivate"];
    default:
      return null;
  }
}

/**
 * Asks the system to bring the windows of a browser to the front. A page cannot do that itself: no browser lets one take the
 * focus. Whether it worked is known only by the window: not every system has the program, or lets it.
 */
export function raiseWindowOf(pid: number): void {
  const command = raiseCommand(process.platform, pid);
  if (command === null) return;
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: "ignore", windowsHide: true });
  child.on("error", () => {});
  child.unref();
}
