/** The keys that every plugin takes (CNI specification 1.1.0, section 1, and its conventions). */
import * as z from "zod";
import { blank, networkName, pluginType } from "./text.ts";

/** Name servers of the network, for the result; the runtime uses them. */
export const dns = z.looseObject({
  nameservers: z.array(z.string()).optional().describe("Addresses of name servers, the first asked first."),
  domain: z.string().optional().describe("Domain of the network, for short names."),
  search: z.array(z.string()).optional().describe("Domains to try for short names, in order."),
  options: z.array(z.string()).optional().describe("Options of the resolver, as in resolv.conf(5)."),
});

/** Length in bytes of the largest packet; 0 means what the kernel chooses. */
export const mtu = z.int().min(0).max(65535);

/** What leaves the network gets the host's address. */
export const ipMasq = z
  .boolean()
  .default(false)
  .describe("Masquerade what the container sends out of its own subnet.");

export const ipMasqBackend = z
  .enum(["iptables", "nftables"])
  .optional()
  .describe("Accepted for compatibility: masquerading is done by nf_tables, without a program.");

/** 0 means no VLAN; 4095 is reserved (IEEE 802.1Q). */
export const vlanId = z.int().min(0).max(4094);

/** `args` with the keys that a plugin reads under `args.cni`. */
export const args = <Keys extends z.ZodRawShape>(keys: Keys) =>
  z
    .looseObject({ cni: z.looseObject(keys).optional().describe("Arguments by the CNI conventions.") })
    .optional()
    .describe("Arguments for one attachment; the runtime fills it in.");

const attachment = z.looseObject({
  containerID: z.string().describe("Container id."),
  ifname: z.string().describe("Name of the interface in the container."),
});

/** Written by a person, or by the runtime from what a person wrote for the whole network. */
export const common = {
  cniVersion: blank(z.string().default("0.1.0")).describe("Version of the CNI specification to speak."),
  name: networkName.describe("Name of the network, its own on this host."),
  type: blank(pluginType.optional()).describe("Name of the plugin's executable."),
  capabilities: z
    .record(z.string(), z.boolean())
    .optional()
    .describe("Capabilities whose values the runtime shall pass in `runtimeConfig`."),
  prevResult: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("Result of the plugin before this one, or of the whole ADD; the runtime fills it in."),
  "cni.dev/valid-attachments": z
    .array(attachment)
    .optional()
    .describe("Attachments that GC must keep; the runtime fills it in."),
};
