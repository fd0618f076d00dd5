/** The forms of text that a configuration knows beyond a pattern: each name with its test. */
import { isAddress } from "../../../netlink/wire/address.ts";
import { canonicalCidr } from "../address.ts";

/** Whether the text is an address with a prefix length; the parser that reads it later decides. */
function isNetwork(text: string): boolean {
  try {
    return canonicalCidr(text) !== "";
  } catch {
    return false;
  }
}

/** Test of each form of text, by the name that schemas use. */
export const formats = {
  address: isAddress,
  network: isNetwork,
  "address-with-prefix": isNetwork,
  "address-or-network": (text: string) => isAddress(text) || isNetwork(text),
  /** An EUI-48 address, the length that Ethernet links have. */
  mac: (text: string) => /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(text),
} as const satisfies Record<string, (text: string) => boolean>;

/** The name of a form of text. */
export type Format = keyof typeof formats;
