/** The configuration of `firewall`: what the host lets through to and from the containers of a network. */
import * as z from "zod";
import { common } from "../../../cni/config/parts/common.ts";
import { blank } from "../../../cni/config/parts/text.ts";
import { type Infer, shapeOf } from "../../../cni/config/shape.ts";

/** What iptables takes as the name of a chain of one's own (xtables_chain_name and XT_EXTENSION_MAXNAMELEN). */
const chainName = z
  .string()
  .regex(/^[^\s!-]\S{0,27}$/)
  .meta({
    wanted: "the name of a chain: 1 to 28 characters without spaces, the first not - or !",
  });

/** firewalld's own rule for the names of zones. */
const zoneName = z
  .string()
  .regex(/^[A-Za-z0-9_/-]{1,17}$/)
  .meta({
    wanted: "the name of a zone: 1 to 17 letters, digits, _ - or /",
  });

export const Firewall = z
  .looseObject({
    backend: blank(z.string().optional()).describe(
      "What lets the addresses through: `firewalld` (a zone of it) or `iptables` (nf_tables, and a rule in the tables of iptables); anything else: the first where firewalld runs, else the second.",
    ),
    iptablesAdminChainName: blank(chainName.default("CNI-ADMIN")).describe(
      "Chain of the table `filter` with your own rules, which decide before containers are let through.",
    ),
    firewalldZone: blank(zoneName.default("trusted")).describe("Zone of firewalld that the addresses join."),
    ingressPolicy: blank(z.enum(["open", "same-bridge", "isolated"]).default("open")).describe(
      "From where containers can be reached: `open` from everywhere, `same-bridge` not from other bridges with a policy, " +
        "`isolated` not from other containers of the bridge either.",
    ),
    ...common,
  })
  .meta({
    title: "firewall",
    description:
      "Lets the packets of a network's containers through the host's firewall, or keeps networks apart.",
  });

export type Firewall = Infer<typeof Firewall>;

export const shapeOfFirewall = () => shapeOf(Firewall);
