/** Who this peer is: its key, its certificate, and the party CA that signed it. */
export { type Identity, type OpenIdentityOptions, openIdentity } from "./identity.ts";
export {
  type CreatePartyCaOptions,
  createPartyCa,
  loadPartyCa,
  type PartyCa,
  SHIPPED_CA_DIR,
  type WritePartyCaOptions,
  writePartyCa,
} from "./party-ca.ts";
export { peerIdFromCertificate } from "./peer-certificate.ts";
