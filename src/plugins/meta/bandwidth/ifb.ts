/**
 * The device in which packets from the container wait, as a resource. A link can only delay what leaves it; so what comes
 * in from the container is led out by a device of kind `ifb`, which then hands it on as if it had come in there.
 */
import type { LinkSummary } from "../../../../netlink/route/link/summary.ts";
import { createLink, getLinkSummary, listLinks, setLink } from "../../../../netlink/route/links.ts";
import { CniError, codes } from "../../../cni/error.ts";
import type { Leftover } from "../../../plan/attaching/collect.ts";
import { type Owner, ownerText } from "../../../plan/owner.ts";
import { type Resource, undoable } from "../../../plan/resource.ts";
import type { Side } from "../../../plan/side.ts";
import { removeLink } from "../../../plan/veth.ts";
import { sha512 } from "../../../sys/hash.ts";

/** The Go plugin's name for it. Two interfaces of one container in one network share it. */
export const ifbName = ({ network, containerId }: Owner): string =>
  `bwp${sha512(`${network}${containerId}`)}`.slice(0, 15);

function taken(name: string, { ifalias, linkinfo }: LinkSummary): CniError {
  const owner =
    ifalias === undefined ? `nobody that is known (kind ${linkinfo?.kind ?? "none"})` : `"${ifalias}"`;
  return new CniError({
    code: codes.failed,
    operation: "create the device for packets from the container",
    subject: name,
    cause: `there is one already, of ${owner}`,
    hint:
      "call DEL of that attachment first; a container whose interfaces in one network are both to be limited needs " +
      '"layout": "direct"',
  });
}

export interface IfbOptions {
  readonly owner: Owner;
  /** Bytes: that of the link whose packets it gets. */
  readonly mtu: number;
}

/** The device, known by its name and by the owner in its alias; one that the Go plugin made has no alias. */
export const ifb = (host: Side, { owner, mtu }: IfbOptions): Resource => {
  const name = ifbName(owner);
  const ifalias = ownerText(owner);
  const find = () => host.route.find(getLinkSummary({ ifname: name }));
  const isOf = (link: LinkSummary | undefined, alias: string | undefined): boolean =>
    link?.linkinfo?.kind === "ifb" && link.ifalias === alias;

  function remove(): void {
    const found = find();
    if (isOf(found, ifalias) || isOf(found, undefined)) removeLink(host, found);
  }

  function create(): void {
    // In one datagram: no kill leaves a device between them that GC could not tell from those of others.
    const [refusal, unnamed] = host.route.attempt([
      createLink({ ifname: name, mtu, txqlen: 0, flags: ["up"], linkinfo: { kind: "ifb" } }),
      setLink({ ifname: name, ifalias }),
    ]);
    if (refusal !== undefined) throw refusal;
    if (unnamed === undefined) return;
    remove();
    throw unnamed;
  }

  return {
    describe: () => `device ${name}`,
    ensure() {
      const found = find();
      if (found === undefined) return undoable(create, remove);
      if (!isOf(found, ifalias)) throw taken(name, found);
      host.route.do(setLink({ index: found.index, mtu, flags: ["up"] }));
      return undefined;
    },
    check() {
      const found = find();
      if (found?.linkinfo?.kind !== "ifb") return ["it is not there"];
      return found.flags.includes("up") ? [] : ["it is down"];
    },
    remove,
  };
};

/** Devices of attachments that are gone. Those of the Go plugin do not tell whose they are. */
export const ifbs: Leftover = {
  what: "devices for packets from containers",
  remove(host, stale) {
    for (const link of host.route.list(listLinks({ kind: "ifb", extMask: ["skipStats"] })))
      if (link.ifalias !== undefined && stale(link.ifalias)) removeLink(host, link);
  },
};
