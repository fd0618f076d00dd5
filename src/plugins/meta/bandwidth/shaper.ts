/** A token bucket at the root of a link as a resource: what leaves by the link waits until there are tokens. */
import { rateOf, type Tbf } from "../../../../netlink/route/tc/qdisc/tbf.ts";
import { deleteQdisc, getQdisc, type Qdisc, replaceQdisc } from "../../../../netlink/route/tc/qdiscs.ts";
import { CniError, codes } from "../../../cni/error.ts";
import { type Resource, undoable } from "../../../plan/resource.ts";
import type { Side } from "../../../plan/side.ts";
import { linkNamed } from "./host-end.ts";

/** What the kernel gave the link itself has no handle. */
const isOwnersChoice = ({ handle }: Qdisc): boolean => handle !== "none";

function notOurs(ifname: string, kind: string | undefined): CniError {
  return new CniError({
    code: codes.failed,
    operation: "limit the rate",
    subject: ifname,
    cause: `the link has the queueing discipline ${kind} already`,
    hint: `remove it: tc qdisc del dev ${ifname} root`,
  });
}

const NUMBERS = ["limit", "buffer"] as const;

/** How a bucket differs from the wanted one. */
function bucketDifferences(found: Tbf, wanted: Tbf): string[] {
  const rate = rateOf(found);
  return [
    ...(rate === rateOf(wanted) ? [] : [`the rate is ${rate * 8n} bits a second`]),
    ...NUMBERS.flatMap((name) => {
      const value = found.parms?.[name];
      return value === wanted.parms?.[name]
        ? []
        : [`the ${name} is ${value} and not ${wanted.parms?.[name]}`];
    }),
  ];
}

/** The bucket. It goes with the link. */
export const shaper = (side: Side, ifname: string, bucket: Tbf): Resource => {
  const root = () => ({ index: linkNamed(side, ifname).index, parent: "root" });
  return {
    describe: () => `limit of ${rateOf(bucket) * 8n} bits a second on ${ifname}`,
    ensure() {
      const place = root();
      const before = side.route.find(getQdisc(place));
      if (before !== undefined && before.kind !== "tbf" && isOwnersChoice(before))
        throw notOurs(ifname, before.kind);
      // An earlier ADD has made it: perhaps with other numbers, to which it goes back if this one fails.
      const restored = before?.kind === "tbf" ? replaceQdisc({ ...before, ...place }) : deleteQdisc(place);
      return undoable(
        () => side.route.do(replaceQdisc({ ...place, handle: "1:", kind: "tbf", options: bucket })),
        () => side.route.do(restored),
      );
    },
    check() {
      const found = side.route.find(getQdisc(root()));
      if (found?.kind !== "tbf")
        return [`there is none: the queueing discipline is ${found?.kind ?? "not known"}`];
      return bucketDifferences(found.options ?? {}, bucket);
    },
    remove: () => undefined,
  };
};
