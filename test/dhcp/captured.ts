/** The DHCP packets of `fixtures/dhcp`, captured from other clients and servers; each file has tcpdump's words beside the bytes. */
import { readFileSync } from "node:fs";
import { decodeMessage, type Message } from "../../src/dhcp/message/message.ts";
import { decodePacket } from "../../src/dhcp/message/packet.ts";
import { parseHex } from "../fixtures.ts";

export type Captured = "discover" | "offer" | "request" | "ack" | "nak" | "overloaded";

const FOLDER = new URL("../../fixtures/dhcp/", import.meta.url).pathname;

/** The IPv4 packet. */
export const packet = (name: Captured): Uint8Array => parseHex(readFileSync(`${FOLDER}${name}.hex`, "utf8"));

/** What UDP carries of a packet in either direction: its headers have no options. */
export const payload = (name: Captured): Uint8Array => packet(name).slice(28);

/** A server's answer, as the client's own decoders read it. */
export function answer(name: "offer" | "ack" | "nak" | "overloaded"): Message {
  const decoded = decodePacket(packet(name));
  if (decoded === undefined) throw new Error(`${name} is no packet to a client`);
  return decodeMessage(decoded.payload);
}
