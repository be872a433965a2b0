const PRIVATE_KEY = "PRIVATE KEY";
const LINE_CHARACTERS = 64;

/** A private key (PKCS #8) as text (RFC 7468). */
export function encodePrivateKey(pkcs8: ArrayBuffer): string {
  const lines =
    Buffer.from(pkcs8)
      .toString("base64")
      .match(new RegExp(`.{1,${LINE_CHARACTERS}}`, "g")) ?? [];
  return `-----BEGIN ${PRIVATE_KEY}-----\n${lines.join("\n")}\n-----END ${PRIVATE_KEY}-----\n`;
}

/**
 * The first private key (PKCS #8) of a text, whatever stands around it.
 *
 * @throws where there is none
 */
export function decodePrivateKey(pem: string): Uint8Array<ArrayBuffer> {
  const [, base64] =
    new RegExp(`-----BEGIN ${PRIVATE_KEY}-----([A-Za-z0-9+/=\\s]+)-----END ${PRIVATE_KEY}-----`).exec(pem) ??
    [];
  if (base64 === undefined) throw new Error("there is no private key in it");
  return new Uint8Array(Buffer.from(base64, "base64"));
}
