/** The container's interface in the VRF, with the addresses and routes that it had before. */
import { listAddresses } from "../../../../netlink/route/addresses.ts";
import { getLinkSummary, setLink } from "../../../../netlink/route/links.ts";
import { listRoutes, type Route } from "../../../../netlink/route/routes.ts";
import { networkOf, parseCidr } from "../../../../netlink/wire/cidr.ts";
import { CniError, codes } from "../../../cni/error.ts";
import type { IpConfig, Route as ResultRoute } from "../../../cni/result.ts";
import { giveAgain, givenFlags, type KeptAddress } from "../../../plan/kept-addresses.ts";
import { destinationOf, putBack, routesBy } from "../../../plan/moved-routes.ts";
import { allOrNothing, type Resource } from "../../../plan/resource.ts";
import { MAIN } from "../../../plan/routes.ts";
import type { Side } from "../../../plan/side.ts";
import { containerLink } from "../../../plan/veth.ts";
import { sleep } from "../../../sys/time.ts";
import { findVrf } from "./device.ts";

export interface PortOptions {
  readonly ifname: string;
  readonly vrf: string;
  /** What the result of the plugins before gives the interface. */
  readonly ips: readonly IpConfig[];
  readonly routes: readonly ResultRoute[];
}

/** What an interface loses when it gets another master: the kernel sets it down and up for that. */
interface Belongings {
  readonly addresses: readonly KeptAddress[];
  readonly routes: readonly Route[];
}

const globalAddresses = (container: Side, index: number): KeptAddress[] =>
  container.route
    .list(listAddresses({ index, family: "inet6" }))
    .filter(({ scope }) => scope === "universe")
    .map((each) => ({ ...each, address: each.address!, flags: givenFlags(each.flags) }));

/** The kernel's own routes it makes anew, in the table of the master. */
const belongingsOf = (container: Side, index: number): Belongings => ({
  addresses: globalAddresses(container, index),
  routes: routesBy(container, index, MAIN).filter(({ protocol }) => protocol !== "kernel"),
});

/** Gives the interface the addresses that it has lost. @returns those. @throws CniError */
function restoreAddresses(container: Side, index: number, addresses: readonly KeptAddress[]): KeptAddress[] {
  const there = globalAddresses(container, index).map(({ address }) => address);
  const lost = addresses.filter(({ address }) => !there.includes(address));
  const refusals = giveAgain(container, index, lost);
  if (refusals.length === 0) return lost;
  throw new CniError({
    code: codes.failed,
    operation: "give the interface its addresses again",
    cause: refusals.join("; "),
  });
}

/** Milliseconds between looks: 2.5 s in all, since detection of duplicates takes 1 to 2 s. */
const PAUSES = [10, 20, 40, 80, 160, 320, 640, 1280];

/** Waits until addresses have their routes in the table: before that no route leads by their subnets. @throws CniError */
function awaitRoutes(container: Side, addresses: readonly KeptAddress[], table: number): void {
  const missing = (): KeptAddress | undefined => {
    if (addresses.length === 0) return undefined;
    const found = container.route
      .list(listRoutes({ family: "inet6", table }))
      .map(({ dst, dstLen }) => `${dst}/${dstLen}`);
    return addresses.find(({ address }) => !found.includes(`${address}/128`));
  };
  for (const pause of PAUSES) {
    if (missing() === undefined) return;
    sleep(pause);
  }
  const late = missing();
  if (late === undefined) return;
  throw new CniError({
    code: codes.failed,
    operation: "wait for the route of",
    subject: `${late.address} in table ${table}`,
    cause: "it is not there after 2.5 s",
    hint: "see whether another host has the address (duplicate address detection)",
  });
}

function setMaster(container: Side, index: number, master: number): void {
  container.route.do(setLink({ index, master }));
}

function inAnother(container: Side, ifname: string, master: number): CniError {
  const name = container.route.find(getLinkSummary({ index: master }))?.ifname;
  return new CniError({
    code: codes.failed,
    operation: "put into a VRF",
    subject: ifname,
    cause: `it belongs to ${name ?? `the link ${master}`} already`,
    hint: "a link can have one master: leave out one of the plugins that give it one",
  });
}

/** Destinations of the interface's routes that must be in the VRF's table. */
const wanted = ({ ips, routes }: PortOptions): string[] => [
  ...ips
    .map(({ address }) => parseCidr(address))
    .filter(({ bytes, prefix }) => prefix < 8 * bytes.length)
    .map(networkOf),
  ...routes.filter(({ table = MAIN }) => table === MAIN).map(({ dst }) => networkOf(parseCidr(dst))),
];

/** @param container where the VRF is, made before */
export const vrfPort = (container: Side, options: PortOptions): Resource => {
  const { ifname, vrf } = options;

  /** Out of the VRF, unless the interface is gone or belongs to something else. */
  const remove = (): void => {
    const link = container.route.find(getLinkSummary({ ifname }));
    const index = findVrf(container, vrf)?.index;
    if (link !== undefined && index !== undefined && link.master === index)
      setMaster(container, link.index, 0);
  };

  return {
    describe: () => `${ifname} in the VRF ${vrf}`,
    ensure() {
      const { index, master } = containerLink(container, ifname);
      if (master) throw inAnother(container, ifname, master);
      const before = belongingsOf(container, index);
      const undo = (): void => {
        remove();
        restoreAddresses(container, index, before.addresses);
        putBack(container, before.routes);
      };
      return allOrNothing((made) => {
        const { index: vrfIndex, table } = findVrf(container, vrf)!;
        made.remember(undo);
        setMaster(container, index, vrfIndex);
        awaitRoutes(container, restoreAddresses(container, index, before.addresses), table);
        putBack(container, before.routes, table);
        return undo;
      });
    },
    check() {
      const { index, master } = containerLink(container, ifname);
      const found = findVrf(container, vrf);
      if (found === undefined) return [];
      if (master !== found.index) return ["it is not"];
      const there = new Set(routesBy(container, index, found.table).map(destinationOf));
      return wanted(options)
        .filter((dst) => !there.has(dst))
        .map((dst) => `table ${found.table} has no route to ${dst} by it`);
    },
    remove,
  };
};
