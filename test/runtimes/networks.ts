/** The networks that runtimes are tested on: ours, and Debian's Go plugins, which prove that the tests ask the right things. */
import { join } from "node:path";
import type { Need } from "../needs.ts";
import type { NetworkOptions } from "./conflist.ts";

/** A network for a host, and what the machine must have for it. */
export interface TestNetwork extends Omit<NetworkOptions, "runtime"> {
  readonly title: string;
  readonly needs: readonly Need[];
  /** The part of addresses that all containers share, and the bridge's own. */
  readonly subnet: string;
  readonly gateway: string;
  /** What `podman network inspect` says of it. */
  readonly driver: string;
  /** Whether a refused port names the container that has it. The Go plugins refuse none: Podman does, later. */
  readonly namesOwner: boolean;
  /** Whether an address is free again whose container ended with the machine. */
  readonly forgetsTheDead: boolean;
}

/** Where `npm run build` puts the executable and its links; `FLATNET_PLUGINS` names another directory. */
export const pluginDirectory = process.env.FLATNET_PLUGINS ?? join(import.meta.dir, "../../dist/cni");

/** The conflist an operator would write, with every default. */
export const flatnet: TestNetwork = {
  title: "flatnet",
  subnet: "10.87.1.",
  gateway: "10.87.1.1",
  needs: [`file:${join(pluginDirectory, "flatnet")}`],
  driver: "flatnet",
  namesOwner: true,
  forgetsTheDead: true,
  pluginDirectory,
  conflist: {
    cniVersion: "1.0.0",
    name: "flatnet",
    plugins: [{ type: "flatnet", capabilities: { portMappings: true, ips: true, mac: true, aliases: true } }],
  },
};

const goPlugins = "/usr/lib/cni";

/** The chain Podman itself writes for a new network. */
export const reference: TestNetwork = {
  title: "the Go reference plugins",
  subnet: "10.87.1.",
  gateway: "10.87.1.1",
  needs: [`file:${goPlugins}/bridge`, "program:iptables"],
  driver: "bridge",
  namesOwner: false,
  forgetsTheDead: false,
  pluginDirectory: goPlugins,
  conflist: {
    cniVersion: "1.0.0",
    name: "reference",
    plugins: [
      {
        type: "bridge",
        bridge: "cni-reference",
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: { type: "host-local", ranges: [[{ subnet: "10.87.1.0/24" }]], routes: [{ dst: "0.0.0.0/0" }] },
      },
      { type: "portmap", capabilities: { portMappings: true } },
      { type: "firewall" },
      { type: "tuning" },
    ],
  },
};
