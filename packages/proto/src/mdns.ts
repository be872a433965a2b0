import { z } from "zod";
import { nameSchema } from "./fields.ts";
import { peerIdSchema } from "./ids.ts";
import { MAX_SAFE_COUNT, MAX_TXT_STRING_BYTES } from "./limits.ts";
import { hasControlCharacters, utf8Length } from "./text.ts";

/** DNS-SD service type of a peer (RFC 6763); the instance name is the peer id. */
export const SERVICE_TYPE = "_lanspread._udp.local";

const wholeNumber = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,15})$/, "is no whole number")
  .transform(Number)
  .refine((value) => value <= MAX_SAFE_COUNT, "is too large");

const hostname = z
  .string()
  .min(1)
  .refine(
    (text) =>
      text.isWellFormed() &&
      !hasControlCharacters(text) &&
      utf8Length(`hostname=${text}`) <= MAX_TXT_STRING_BYTES,
    "does not fit a TXT string",
  );

/** The TXT record of an instance. Other keys are ignored, as RFC 6763 section 6.4 demands. */
const announcementSchema = z.object({
  peer_id: peerIdSchema,
  proto_ver: wholeNumber,
  library_rev: wholeNumber,
  party: nameSchema,
  name: nameSchema,
  hostname: hostname.optional(),
});
export type Announcement = z.infer<typeof announcementSchema>;

/** The strings of a TXT record. A `hostname` that does not fit is left out, since nothing needs it. */
export function encodeAnnouncement(announcement: Announcement): Record<string, string> {
  const { peer_id, proto_ver, library_rev, party, name } = announcement;
  const named = hostname.safeParse(announcement.hostname);
  return {
    peer_id,
    proto_ver: String(proto_ver),
    library_rev: String(library_rev),
    party,
    name,
    ...(named.success ? { hostname: named.data } : {}),
  };
}

/** The announcement in a TXT record, or null where it is none. */
export function parseAnnouncement(txt: Readonly<Record<string, string>>): Announcement | null {
  const result = announcementSchema.safeParse(txt);
  return result.success ? result.data : null;
}
