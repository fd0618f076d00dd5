/** Names that follow from whose a lease is: to people, to servers and among files. */
import { shortened } from "../plan/owner.ts";
import type { Owner } from "./schema.ts";

/** Option 61 takes 255 bytes, of which the first is its type. */
const LONGEST_ID = 254;
/** RFC 2132, section 9.14: text of no particular kind. */
const ID_TYPE = 0;
/** What a file's name has room for, less what an unfinished one begins with. */
const LONGEST_NAME = 200;

/** As it stands in messages: `eth0 of web`. */
export const named = ({ containerId, ifname }: Owner): string => `${ifname} of ${containerId}`;

/** The client identifier that servers know a container's interface by; that of the reference plugin. */
export function clientIdentifier({ network, containerId, ifname }: Owner): Uint8Array {
  const text = new TextEncoder().encode(`${containerId}/${network}/${ifname}`).subarray(0, LONGEST_ID);
  return Uint8Array.of(ID_TYPE, ...text);
}

/** The name of the lease's file; no two owners have the same, since none of the parts may hold a colon. */
export const fileName = ({ network, containerId, ifname }: Owner): string =>
  shortened(`${network}:${containerId}:${ifname}`, LONGEST_NAME);
