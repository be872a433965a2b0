/**
 * Sent with every answer. Scripts, styles, pictures and the socket come from the shell alone, nothing is inline, nobody may
 * show the page in a frame, and no address of it is told to anybody.
 */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join("; "),
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
};

/** The `Set-Cookie` that gives a page its session: no script can read it, and no other page's request carries it. */
export function sessionCookie(name: string, session: string): string {
  return `${name}=${session}; Path=/; HttpOnly; SameSite=Strict`;
}
