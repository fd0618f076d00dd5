/** `portmap`: ports of the host that lead to a container which an earlier plugin attached, whoever made that plugin. */
import { withoutPrefix } from "../../../../netlink/wire/cidr.ts";
import { removes } from "../../../cni/commands.ts";
import { configured } from "../../../cni/config/configure.ts";
import { CniError, codes } from "../../../cni/error.ts";
import type { Call, Plugin } from "../../../cni/plugin.ts";
import { emptyResult, type Result } from "../../../cni/result.ts";
import { identityOf } from "../../../names.ts";
import {
  attachToChain,
  type Chained,
  compareInChain,
  detachFromChain,
} from "../../../plan/attaching/chain.ts";
import { collect, firewallElements, ownerOf } from "../../../plan/attaching/collect.ts";
import { previousAddresses } from "../../../plan/attaching/previous.ts";
import { type Condition, conditionName } from "../../../plan/firewall/conditional.ts";
import { readCondition } from "../../../plan/firewall/conditions/read.ts";
import { published } from "../../../plan/firewall/entries.ts";
import { staleFlows } from "../../../plan/firewall/flows.ts";
import { loopbackRoutes } from "../../../plan/firewall/loopback.ts";
import { type PublishedPort, publishedPorts } from "../../../plan/firewall/ports.ts";
import { firewall } from "../../../plan/firewall/resource.ts";
import { ANY } from "../../../plan/forward/foreign.ts";
import { forwardingReady } from "../../../plan/forward/status.ts";
import { madeByReference, referenceLeftovers } from "../../../plan/reference/leftovers.ts";
import type { Plan } from "../../../plan/resource.ts";
import { Side } from "../../../plan/side.ts";
import { endOnHost, linksTo } from "./reach.ts";
import { shapeOfPortmap } from "./schema.ts" with { type: "macro" };
import type { Portmap } from "./schema.ts";

const mappingsOf = ({ config }: Call<Portmap>) => config.runtimeConfig?.portMappings ?? [];

/** @throws CniError as the reference has it */
function checkTogether({ markMasqBit, externalSetMarkChain }: Portmap): void {
  if (markMasqBit === undefined || externalSetMarkChain === undefined) return;
  throw new CniError({
    code: codes.invalidConfig,
    operation: "read the configuration",
    cause: '"markMasqBit" and "externalSetMarkChain" exclude each other',
    hint: "leave out one of the two, or both: no marks are needed here",
  });
}

/** The words of the families that have conditions. */
const wordsOf = ({ conditionsV4 = [], conditionsV6 = [] }: Portmap) =>
  ([4, 6] as const)
    .map((family) => ({ family, words: family === 4 ? conditionsV4 : conditionsV6 }))
    .filter(({ words }) => words.length > 0);

/** @throws CniError with code 7 that names what is not understood */
const conditionsOf = ({ config }: Call<Portmap>): Condition[] =>
  wordsOf(config).map(({ family, words }) => readCondition(family, words));

/** The ports, each in the families that the container has an address of; the others are passed over. */
function portsOf(call: Call<Portmap>, previous: Result): PublishedPort[] {
  const addresses = previousAddresses(previous, call.ifname).map(({ address }) => withoutPrefix(address));
  const unreachable = new Set<number>();
  const ports = publishedPorts(mappingsOf(call), addresses, (_, index) => unreachable.add(index));
  if (call.command === "ADD" && unreachable.size > 0) {
    const mappings = `${unreachable.size} of ${mappingsOf(call).length}`;
    call.log(`${mappings} port mappings lead nowhere: the container has no address of the family of hostIP`);
  }
  return ports;
}

function publishing(call: Call<Portmap>, host: Side, previous: Result): Plan {
  const { config } = call;
  const ports = portsOf(call, previous);
  const linkTo = linksTo(host);
  const names = wordsOf(config).map(({ family, words }) => [family, conditionName(family, words)]);
  const publication = {
    ports,
    linkTo,
    snat: config.snat,
    hideAll: config.masqAll,
    conditions: Object.fromEntries(names) as { [family in 4 | 6]?: string },
  };
  const leading = [...new Set(ports.map(({ containerAddress }) => linkTo(containerAddress)))];
  return [
    ...loopbackRoutes(host, publication),
    firewall(host, {
      owner: ownerOf(call),
      roles: ["publish"],
      entries: published(publication),
      link: endOnHost(previous, leading),
      conditions: removes(call.command) ? [] : conditionsOf(call),
    }),
    ...staleFlows(host, ports),
  ];
}

const chained = (call: Call<Portmap>): Chained => ({
  request: call,
  entersContainer: false,
  plan: ({ host }, previous = emptyResult) =>
    mappingsOf(call).length === 0 && !removes(call.command) ? [] : publishing(call, host, previous),
  foreign: (host) => [madeByReference(host, ownerOf(call), ["ports"], call)],
});

export const plugin: Plugin<Portmap> = {
  ...identityOf("portmap"),
  configure: configured(() => shapeOfPortmap()),
  add(call) {
    checkTogether(call.config);
    return attachToChain(chained(call));
  },
  // A runtime may have lost the result, or leave out the ports: what belongs to the attachment is removed all the same.
  del: (call) => detachFromChain(chained(call)),
  check: (call) => compareInChain(chained(call)),
  gc: (call) =>
    collect({ request: call, leftovers: [firewallElements("publish"), referenceLeftovers(["ports"])] }),
  status(call) {
    checkTogether(call.config);
    conditionsOf(call);
    using host = new Side("host", undefined, call.open);
    forwardingReady(host, { links: ANY, firewall: "maybe" });
  },
};
