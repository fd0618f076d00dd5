/** Keys of the plugins that make an interface in the container's namespace, most of them on another link. */
import * as z from "zod";
import { dns, mtu } from "./common.ts";
import { blank, linkName } from "./text.ts";

const where = " of the host, or of the container with `linkInContainer`";

/** The link on which the interface is made. */
export const master = blank(linkName.optional()).describe(
  `Link${where} on which the interface is made; by default that of the default route.`,
);

export const requiredMaster = linkName.describe(`Link${where} on which the interface is made.`);

export const linkInContainer = z
  .boolean()
  .default(false)
  .describe("The master is in the container's namespace, where a plugin before this one put it.");

export const linkMtu = mtu.default(0).describe("MTU in bytes of the interface; 0 leaves it to the kernel.");

/** The MTU of an interface on a master. */
export const mtuOnMaster = mtu
  .default(0)
  .describe("MTU in bytes, at most that of the master; 0 takes the master's.");

export const ownDns = dns
  .optional()
  .describe("Name servers for the result; those that IPAM gives are not used.");
