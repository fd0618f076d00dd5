/** Attributes of the container's interface as a resource: kept before they are changed, and restored by DEL. */
import type { KernelError } from "../../../../netlink/errors.ts";
import type { LinkSummary } from "../../../../netlink/route/link/summary.ts";
import { getLinkSummary, type LinkInput, setLink } from "../../../../netlink/route/links.ts";
import { CniError, codes } from "../../../cni/error.ts";
import type { Attachment } from "../../../cni/plugin.ts";
import { type Resource, undoable } from "../../../plan/resource.ts";
import type { Side } from "../../../plan/side.ts";
import type { Attributes, Backups } from "./backup.ts";

const switched = (flag: "promisc" | "allmulti", on: boolean): LinkInput => ({
  flags: on ? [flag] : [],
  change: [flag],
});

/** Each attribute as the change of a link, in the order in which they are restored: an address needs its old MTU. */
function changesTo({ mtu, mac, promisc, allmulti, txQLen }: Attributes): LinkInput[] {
  return [
    ...(mtu === undefined ? [] : [{ mtu }]),
    ...(mac === undefined ? [] : [{ address: mac }]),
    ...(promisc === undefined ? [] : [switched("promisc", promisc)]),
    ...(allmulti === undefined ? [] : [switched("allmulti", allmulti)]),
    ...(txQLen === undefined ? [] : [{ txqlen: txQLen }]),
  ];
}

const attributesOf = ({ address, flags, mtu, txqlen }: LinkSummary): Required<Attributes> => ({
  mac: address,
  promisc: flags.includes("promisc"),
  mtu,
  allmulti: flags.includes("allmulti"),
  txQLen: txqlen,
});

/** Of `found` what `wanted` has, too. */
const sameKeys = (found: Attributes, wanted: Attributes): Attributes =>
  Object.fromEntries(Object.keys(wanted).map((key) => [key, found[key as keyof Attributes]]));

const change = (container: Side, ifname: string, attributes: Attributes): KernelError[] =>
  container.route
    .attempt(changesTo(attributes).map((each) => setLink({ ...each, ifname })))
    .filter((refusal) => refusal !== undefined);

export interface TunedOptions {
  readonly attachment: Attachment;
  /** What it should be; absent attributes stay as they are. */
  readonly wanted: Attributes;
  readonly backups: Backups;
  log(line: string): void;
}

function interfaceOf(container: Side, ifname: string): LinkSummary {
  const link = container.route.find(getLinkSummary({ ifname }));
  if (link !== undefined) return link;
  throw new CniError({
    code: codes.failed,
    operation: "tune the interface",
    subject: ifname,
    cause: "it is not in the container",
    hint: "the plugin comes after the one in the list that makes the interface",
  });
}

function explained(refusal: KernelError, ifname: string): CniError {
  return new CniError(
    {
      code: codes.failed,
      operation: "tune the interface",
      subject: ifname,
      cause: refusal.said || refusal.code,
      hint: "see which values of mac, mtu, promisc, allmulti and txQLen its kind of interface can have",
      details: refusal.message,
    },
    { cause: refusal },
  );
}

/** @param container absent when its namespace is gone, and the interface with it */
export const tunedInterface = (container: Side | undefined, options: TunedOptions): Resource => {
  const { attachment, wanted, backups, log } = options;
  const { ifname } = attachment;

  /** Restores what was kept. What the interface refuses is kept on, and told. */
  const restore = (): void => {
    const kept = backups.read(attachment);
    // Mostly nothing was kept. The container is not asked for then: its socket and the first answer take 2 ms.
    const there = kept !== undefined && container?.route.find(getLinkSummary({ ifname })) !== undefined;
    const refusals = there ? change(container!, ifname, kept) : [];
    for (const refusal of refusals) log(`${ifname} is not as it was before: ${refusal.message}`);
    if (refusals.length === 0) backups.remove(attachment);
  };

  return {
    describe: () => `attributes of ${ifname}`,
    ensure() {
      if (Object.keys(wanted).length === 0) return undefined;
      const found = attributesOf(interfaceOf(container!, ifname));
      return undoable(() => {
        backups.keep(attachment, sameKeys(found, wanted));
        const [refusal] = change(container!, ifname, wanted);
        if (refusal === undefined) return;
        restore();
        throw explained(refusal, ifname);
      }, restore);
    },
    check() {
      const found = attributesOf(interfaceOf(container!, ifname));
      // As in the Go plugin: an interface that nobody asked to be promiscuous is not.
      return Object.entries({ promisc: false, ...wanted }).flatMap(([key, value]) => {
        const has = found[key as keyof Attributes];
        return has === value ? [] : [`${key} is ${has}`];
      });
    },
    remove: restore,
  };
};
