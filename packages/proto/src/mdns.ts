import { z } from "zod";
import { peerIdSchema } from "./ids.ts";
import { nameSchema } from "./messages.ts";

/** DNS-SD service type of a peer (RFC 6763); the instance name is the peer id. */
export const SERVICE_TYPE = "_lanspread._udp.local";

const wholeNumber = z
  .string()
  .regex(/^[0-9]{1,15}$/, "is no whole number")
  .transform(Number);

/** The TXT record of an instance. Other keys are ignored: TXT is read by strangers too (RFC 6763 section 6.4). */
const announcementSchema = z.object({
  peer_id: peerIdSchema,
  proto_ver: wholeNumber,
  library_rev: wholeNumber,
  party: nameSchema,
  name: nameSchema,
  hostname: z.string().max(255).optional(),
});
export type Announcement = z.infer<typeof announcementSchema>;

export function encodeAnnouncement(announcement: Announcement): Record<string, string> {
  const { peer_id, proto_ver, library_rev, party, name, hostname } = announcement;
  return {
    peer_id,
    proto_ver: String(proto_ver),
    library_rev: String(library_rev),
    party,
    name,
    ...(hostname === undefined ? {} : { hostname }),
  };
}

/** The announcement in a TXT record, or null where it is none. */
export function parseAnnouncement(txt: Readonly<Record<string, string>>): Announcement | null {
  const result = announcementSchema.safeParse(txt);
  return result.success ? result.data : null;
}
