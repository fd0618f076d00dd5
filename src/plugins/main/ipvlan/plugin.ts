/** `ipvlan`: an interface that shares the address of a link of the host, as the reference plugin of that name has it. */
import type { Ipam } from "../../../cni/delegate.ts";
import { CniError, codes } from "../../../cni/error.ts";
import type { Call } from "../../../cni/plugin.ts";
import type { Result } from "../../../cni/result.ts";
import { identityOf } from "../../../names.ts";
import { ownerOf } from "../../../plan/attaching/collect.ts";
import { ipamIfAny, ipamOf } from "../../../plan/attaching/leased.ts";
import { linkedInterface, type Master, masterBy } from "../../../plan/linked/link.ts";
import { linkedPlugin, ownDns } from "../../../plan/linked/plugin.ts";
import { linksReady } from "../../../plan/linked/ready.ts";
import { shapeOfIpvlan } from "./schema.ts" with { type: "macro" };
import type { Ipvlan } from "./schema.ts";

/** Whether the addresses are those that a plugin before this one has given. */
const isChained = ({ command, config, prevResult }: Call<Ipvlan>): boolean =>
  command === "ADD" && !config.ipam?.type && (prevResult?.ips.length ?? 0) > 0;

/** The one interface that the plugins before this one made. */
function previousInterface({ prevResult }: Call): string {
  const names = prevResult?.interfaces.map(({ name }) => name).filter(Boolean) ?? [];
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  throw new CniError({
    code: codes.failed,
    operation: "find the master",
    subject: "in prevResult",
    cause: `it has ${names.length} interfaces: ${names.join(", ") || "none"}`,
    hint: 'give the name of a link in "master"',
  });
}

function masterOf(call: Call<Ipvlan>): Master {
  const { config, command, prevResult } = call;
  const implied = command === "ADD" && prevResult !== undefined && config.master === undefined;
  return masterBy(implied ? { ...config, master: previousInterface(call) } : config, false);
}

/** Only an ADD at the head of the list must have an IPAM plugin: CHECK cannot tell whether there was one before. */
const ipam = (call: Call<Ipvlan>): Ipam | undefined =>
  isChained(call) || call.command === "CHECK" || call.command === "STATUS" ? ipamIfAny(call) : ipamOf(call);

export const plugin = linkedPlugin<Ipvlan>({
  identity: identityOf("ipvlan"),
  shape: () => shapeOfIpvlan(),
  ipam,
  given: (call, leased): Result => (isChained(call) ? call.prevResult! : leased),
  announces: true,
  dns: ownDns,
  link: (call, { host, container, mac }) => [
    linkedInterface(host, container, {
      owner: ownerOf(call),
      linkinfo: { kind: "ipvlan", data: { mode: call.config.mode, flags: [] } },
      master: masterOf(call),
      mtu: call.config.mtu,
      mac,
    }),
  ],
  ready(call, host) {
    // In a chain the plugins before it have the master.
    const isFirst = Boolean(call.config.master || call.config.ipam?.type);
    linksReady(host, { kind: "ipvlan" }, isFirst ? masterOf(call) : undefined);
  },
});
