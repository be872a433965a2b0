/** Libraries of Windows 10 and newer. */
const WINDOWS = new Set([
  ...[
    "advapi32.dll",
    "bcrypt.dll",
    "bcryptprimitives.dll",
    "crypt32.dll",
    "dbghelp.dll",
    "iphlpapi.dll",
    "kernel32.dll",
  ],
  ...[
    "ntdll.dll",
    "ole32.dll",
    "psapi.dll",
    "shell32.dll",
    "user32.dll",
    "userenv.dll",
    "winmm.dll",
    "ws2_32.dll",
  ],
]);

/** The universal C runtime, part of Windows since 10. */
const WINDOWS_C_RUNTIME = /^api-ms-win-(?:core|crt)-[\w-]+\.dll$/u;

/** What comes with Microsoft's "Visual C++ Redistributable" and not with Windows: `README.txt` says that it is needed. */
const WINDOWS_REDISTRIBUTABLE = new Set(["vcruntime140.dll", "vcruntime140_1.dll", "msvcp140.dll"]);

/** Node.js itself, which loads its addons. */
const WINDOWS_HOST = "node.exe";

/** Whether a machine that `README.txt` asks for has a library. */
export function hasLibrary(format: "elf" | "pe" | "mach-o", library: string): boolean {
  switch (format) {
    case "pe": {
      const name = library.toLowerCase();
      return (
        WINDOWS.has(name) ||
        WINDOWS_C_RUNTIME.test(name) ||
        WINDOWS_REDISTRIBUTABLE.has(name) ||
        name === WINDOWS_HOST
      );
    }
    case "mach-o":
      return library.startsWith("/usr/lib/") || library.startsWith("/System/Library/");
    case "elf":
      return true;
  }
}
