/** The commands of a plugin that attaches containers to a bridge, once its configuration is in the plan's terms. */
import type { Ipam } from "../../cni/delegate.ts";
import { CniError, codes } from "../../cni/error.ts";
import type { Call } from "../../cni/plugin.ts";
import { emptyResult, type Result } from "../../cni/result.ts";
import { namespaceIfThere, namespaceOf } from "../namespaces.ts";
import type { Owner } from "../owner.ts";
import { allOrNothing, differences, removeAll } from "../resource.ts";
import { Side } from "../side.ts";
import type { Bridged } from "./model.ts";
import { plan } from "./plan.ts";
import { addressesOf, resultOf } from "./result.ts";

/** A call in terms of the plan: how its configuration becomes a plan, given what IPAM gave. */
export interface Attaching {
  readonly request: Call;
  /** The IPAM plugin; undefined when the interface gets no addresses. @throws CniError when it cannot be found */
  ipam(): Ipam | undefined;
  /** @throws CniError when configuration and addresses do not go together */
  bridged(leased: Result): Bridged;
}

export const ownerOf = ({ config, containerId, ifname }: Call): Owner => ({
  network: config.name,
  containerId,
  ifname,
});

/** Makes the attachment, or nothing. The namespace is looked at before an address is taken. */
export function attach({ request, ipam, bridged }: Attaching): Result {
  using namespace = namespaceOf(request.netns);
  using host = new Side("host", undefined, request.open);
  using container = new Side("container", namespace, request.open);
  return allOrNothing((made) => {
    const addresses = ipam();
    const leased = addresses?.add() ?? emptyResult;
    made.remember(() => addresses?.del());
    const wanted = bridged(leased);
    for (const resource of plan(wanted, host, container)) made.ensure(resource);
    return resultOf(wanted, host, container);
  });
}

/** What of an earlier ADD's result the plan is made from, when IPAM is not to be asked again. */
function leaseIn({ prevResult, ifname }: Call): Result {
  const { routes, dns } = prevResult ?? emptyResult;
  return { interfaces: [], ips: addressesOf(prevResult, ifname), routes, dns };
}

/**
 * Removes the attachment: rules and links first, then the address, which another container may get at once.
 * A resource that cannot be removed does not keep the others.
 */
export function detach({ request, ipam, bridged }: Attaching): void {
  using namespace = namespaceIfThere(request.netns);
  using host = new Side("host", undefined, request.open);
  using container = namespace && new Side("container", namespace, request.open);
  removeAll([
    {
      describe: () => "address lease",
      ensure: () => undefined,
      check: () => [],
      remove: () => ipam()?.del(),
    },
    ...plan(bridged(leaseIn(request)), host, container),
  ]);
}

/**
 * The link-layer address that the result gives the container's interface, which a later plugin may have changed; nothing
 * where it names no interfaces, as before 0.3.0.
 * @throws CniError when it is the result of another attachment
 */
function macIn({ prevResult, ifname, netns }: Call): string | undefined {
  const { interfaces } = prevResult ?? emptyResult;
  if (interfaces.length === 0) return undefined;
  const own = interfaces.find(({ name, sandbox }) => name === ifname && sandbox === netns);
  if (own !== undefined) return own.mac?.toLowerCase();
  throw new CniError({
    code: codes.failed,
    operation: "check the attachment",
    subject: `${ifname} in ${netns}`,
    cause: "prevResult has no such interface",
    hint: "CHECK needs the result of this attachment's ADD",
  });
}

/** @throws CniError that names every difference between the attachment and what its ADD made */
export function compare({ request, ipam, bridged }: Attaching): void {
  if (request.prevResult === undefined) {
    throw new CniError({
      code: codes.invalidConfig,
      operation: "check the attachment",
      cause: "the configuration has no prevResult",
      hint: "CHECK needs the result of ADD",
    });
  }
  ipam()?.check();
  using namespace = namespaceOf(request.netns);
  using host = new Side("host", undefined, request.open);
  using container = new Side("container", namespace, request.open);
  const wanted = bridged(leaseIn(request));
  const found = differences(plan({ ...wanted, mac: macIn(request) ?? wanted.mac }, host, container));
  if (found.length === 0) return;
  throw new CniError({
    code: codes.failed,
    operation: "check the attachment",
    subject: `${request.ifname} of ${request.containerId}`,
    cause: found.join("; "),
    hint: "DEL and ADD make it again",
  });
}
