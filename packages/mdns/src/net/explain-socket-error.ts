/** Why an interface cannot be used, in words for people, from what the system said. */
export function explainSocketError(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const text = error instanceof Error ? error.message : String(error);
  switch (code) {
    case "EADDRINUSE":
      return "UDP port 5353 is held by a program that does not share it";
    case "EACCES":
    case "EPERM":
      return `not permitted to use multicast here (firewall?): ${text}`;
    case "ENODEV":
    case "EADDRNOTAVAIL":
      return `the interface is gone or knows no multicast: ${text}`;
    case "ENETUNREACH":
    case "EHOSTUNREACH":
    case "ENETDOWN":
      return `no way out for multicast (link down, or no multicast route): ${text}`;
    default:
      return text;
  }
}
