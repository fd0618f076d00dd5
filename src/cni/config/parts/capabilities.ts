/** What a runtime may pass in `runtimeConfig`, by the names of the capabilities (CNI conventions). */
import * as z from "zod";
import { limits } from "./bandwidth.ts";
import { rangeSets } from "./ipam.ts";
import { address, addressOrNetwork, anyCase, blank, mac } from "./text.ts";

const port = z.int().min(1).max(65535);

const portMapping = z.looseObject({
  hostPort: port.describe("Port on the host."),
  containerPort: port.describe("Port in the container."),
  protocol: anyCase(z.enum(["tcp", "udp", "sctp"]).default("tcp")).describe("Transport protocol."),
  hostIP: blank(address.optional()).describe("Address of the host to publish on; by default all."),
});

const nameServers = z.looseObject({
  servers: z.array(z.string()).optional().describe("Addresses of name servers."),
  searches: z.array(z.string()).optional().describe("Domains to try for short names."),
  options: z.array(z.string()).optional().describe("Options of the resolver, as in resolv.conf(5)."),
});

const names = z.array(z.string());

const capabilities = {
  portMappings: z.array(portMapping).optional().describe("Ports to publish."),
  ips: z
    .array(addressOrNetwork)
    .optional()
    .describe("Addresses that the container asks for; a prefix length is passed over."),
  mac: blank(mac.optional()).describe(
    "Link-layer address of the container's interface; by default a random one.",
  ),
  ipRanges: rangeSets.optional().describe("Range sets in front of those in `ipam`."),
  bandwidth: z.looseObject(limits).optional().describe("Limits; those in the configuration go before."),
  dns: nameServers.optional().describe("Name servers and search domains for the container."),
  // The conventions have a list, Podman sends a list for each network.
  aliases: z
    .union([names, z.record(z.string(), names)])
    .optional()
    .meta({ wanted: "a list of names, or an object with a list of names for each network" })
    .describe(
      "Further names of the container; accepted for resolvers that read them, passed over otherwise.",
    ),
};

/** `runtimeConfig` with these keys, for a plugin that takes a capability in a form of its own. */
export const runtimeValues = <Keys extends z.ZodRawShape>(keys: Keys) =>
  z.looseObject(keys).optional().describe("Values of the capabilities; the runtime fills it in.");

/** `runtimeConfig` with the named capabilities. */
export const runtimeConfig = <Name extends keyof typeof capabilities>(...chosen: Name[]) =>
  runtimeValues(
    Object.fromEntries(chosen.map((name) => [name, capabilities[name]])) as Pick<typeof capabilities, Name>,
  );
