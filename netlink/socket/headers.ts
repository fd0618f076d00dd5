/** The message headers of a datagram in place, for those who change or compare them: replay and faults. */
import { HEADER_LENGTH, messagesIn } from "../message/header.ts";

/** Where the members of struct nlmsghdr lie. */
export const FLAGS = 6;
export const SEQUENCE = 8;
export const PORT = 12;

/** A view of each header in `datagram`, in order. Writing to it writes to the datagram. */
export function headersIn(datagram: Uint8Array): DataView[] {
  return messagesIn(datagram).messages.map(
    ({ body }) => new DataView(body.buffer, body.byteOffset - HEADER_LENGTH, HEADER_LENGTH),
  );
}
