/** What the tests of `bandwidth` share: networks with limits, and traffic control as `tc` shows it. */
import type { Namespace } from "../../../netlink/socket/namespace.ts";
import type { Configuration } from "../call.ts";
import { program } from "../kernel.ts";

/** A network of a bridge whose containers are limited. */
export const limited = (keys: object, name = "net"): Configuration => ({
  cniVersion: "1.1.0",
  name,
  plugins: [
    { type: "bridge", bridge: `br-${name}`, ipam: { type: "host-local", subnet: "10.1.2.0/24" } },
    { type: "bandwidth", capabilities: { bandwidth: true }, ...keys },
  ],
});

export const inward = { ingressRate: 8_000_000, ingressBurst: 1_600_000 };
export const outward = { egressRate: 4_000_000, egressBurst: 800_000 };
export const both = { ...inward, ...outward };

/** The queueing discipline of a link as `tc` shows it. */
export interface ShownQdisc {
  readonly kind: string;
  readonly handle: string;
  readonly dev: string;
  readonly root?: boolean;
  readonly options: { readonly rate?: number; readonly burst?: number };
}

/** Those that somebody asked for, of all links. */
export const qdiscs = (at: Namespace): ShownQdisc[] =>
  (JSON.parse(program(at, "tc", "-json", "qdisc", "show").trim() || "[]") as ShownQdisc[]).filter(
    ({ handle }) => handle !== "0:",
  );

/** The same in a line each: `vethaf03 tbf 1000000`. */
export const shaped = (at: Namespace): string[] =>
  qdiscs(at)
    .map(({ dev, kind, options }) => [dev, kind, options.rate].filter(Boolean).join(" "))
    .sort();

/** The links of kind `ifb`. */
export const devices = (at: Namespace): string[] =>
  program(at, "ip", "-o", "link", "show", "type", "ifb")
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(":")[1]!.trim());
