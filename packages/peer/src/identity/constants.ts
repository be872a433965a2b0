/** Milliseconds of a day. */
export const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * From when certificates are valid. Laptops at LAN parties have wrong clocks, and dead batteries put them back to
 * 1970: no peer is refused because its certificate looks as if it came from the future. Nothing relies on this date.
 */
export const VALID_FROM = new Date(0);

/** How long a party CA is valid, in days: longer than anybody will keep the program without an update. */
export const CA_VALID_DAYS = 30 * 365;

/** How long a peer's certificate is valid, in days. */
export const PEER_VALID_DAYS = 3 * 365;

/**
 * A certificate with fewer days left is renewed at start-up. Over a year is always left, so that a peer whose clock is
 * one year ahead still accepts everybody else.
 */
export const PEER_RENEW_DAYS = 400;

/**
 * Before this moment lanspread did not exist: a clock that shows an earlier time is wrong, and a certificate made by
 * it is given the CA's own end, or it would be expired for everybody whose clock is right.
 */
export const EARLIEST_PLAUSIBLE_TIME = Date.UTC(2026, 0, 1);

/** P-256 with SHA-256 (RFC 8446 §9.1: every TLS 1.3 implementation has it). */
export const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;
export const SIGNING_ALGORITHM = { name: "ECDSA", hash: "SHA-256" } as const;

/** What the SubjectPublicKeyInfo of a P-256 key begins with, up to its uncompressed point (RFC 5480 section 2), and its length. */
export const P256_SPKI_HEAD = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d03010703420004", "hex");
export const P256_SPKI_BYTES = 91;

/** Files of a party CA's directory. */
export const CA_CERT_NAME = "party-ca.pem";
export const CA_KEY_NAME = "party-ca-key.pem";

/** Largest PEM file that is read, in bytes. Ours have under 1 KiB. */
export const MAX_PEM_BYTES = 64 * 1024;
