/** All that comes in at a link led out by another one instead, as a resource: an ingress queue with a filter. */
import { KernelError } from "../../../../netlink/errors.ts";
import { redirectTo } from "../../../../netlink/route/tc/action/index.ts";
import { everyPacket } from "../../../../netlink/route/tc/filter/u32.ts";
import { addFilter, deleteFilters, type Filter, listFilters } from "../../../../netlink/route/tc/filters.ts";
import { hooks } from "../../../../netlink/route/tc/handle.ts";
import { addQdisc, deleteQdisc, getQdisc } from "../../../../netlink/route/tc/qdiscs.ts";
import { CniError, codes } from "../../../cni/error.ts";
import { type Resource, undoable } from "../../../plan/resource.ts";
import type { Side } from "../../../plan/side.ts";
import { linkNamed } from "./host-end.ts";

/** Where the one filter is: before all others, for all packets. */
const PLACE = { parent: "ffff:", protocol: "all", prio: 1 } as const;

/** Whether a filter leads every packet to the link `to`. */
function leadsTo({ kind, options }: Filter, to: number): boolean {
  if (kind !== "u32" || !options?.sel?.keys.every(({ mask }) => mask === 0)) return false;
  return (options.act ?? []).some(
    (action) =>
      action.kind === "mirred" &&
      action.options?.parms?.eaction === "egressRedir" &&
      action.options.parms.ifindex === to,
  );
}

function notOurs(from: string, kind: string): CniError {
  return new CniError({
    code: codes.failed,
    operation: "lead packets to a device of their own",
    subject: from,
    cause: `the link has filters of a ${kind} already`,
    hint: `remove it: tc qdisc del dev ${from} ${kind}; or choose "layout": "direct"`,
  });
}

/** The redirection. It goes with the link `from`. */
export const redirection = (host: Side, from: string, to: string): Resource => {
  const index = (): number => linkNamed(host, from).index;
  const qdisc = () => ({ index: index(), parent: hooks.qdisc });
  const filters = (): Filter[] => host.route.list(listFilters({ index: index(), parent: PLACE.parent }));
  const isLed = (): boolean => filters().some((filter) => leadsTo(filter, linkNamed(host, to).index));

  /** What led to a device that is gone by now. */
  function clear(): void {
    try {
      host.route.do(deleteFilters({ index: index(), ...PLACE }));
    } catch (error) {
      if (!(error instanceof KernelError) || error.code !== "ENOENT") throw error;
    }
  }

  const lead = (): void =>
    host.route.do(
      addFilter({
        index: index(),
        ...PLACE,
        kind: "u32",
        options: { classid: "1:1", sel: everyPacket, act: [redirectTo(linkNamed(host, to).index)] },
      }),
    );

  return {
    describe: () => `packets from ${from} led to ${to}`,
    ensure() {
      const found = host.route.find(getQdisc(qdisc()));
      if (found === undefined) {
        return undoable(
          () => {
            host.route.do(addQdisc({ ...qdisc(), handle: "ffff:", kind: "ingress" }));
            lead();
          },
          () => host.route.do(deleteQdisc(qdisc())),
        );
      }
      if (found.kind !== "ingress") throw notOurs(from, String(found.kind));
      if (isLed()) return undefined;
      clear();
      return undoable(lead, clear);
    },
    check() {
      if (host.route.find(getQdisc(qdisc()))?.kind !== "ingress") return ["there is no ingress queue"];
      return isLed() ? [] : ["no filter leads them there"];
    },
    remove: () => undefined,
  };
};
