/** A tap link in the container, whose other end is a program that opens it: that of a virtual machine. */
import { SystemError } from "../../../netlink/errors.ts";
import { getLinkSummary, setLink } from "../../../netlink/route/links.ts";
import { CniError, codes } from "../../cni/error.ts";
import { createTap, type TapOptions, TUN_DEVICE } from "../../sys/tap.ts";
import { kindHint } from "../kinds.ts";
import { type Owner, ownerText } from "../owner.ts";
import { allOrNothing, type Resource } from "../resource.ts";
import type { Side } from "../side.ts";
import { containerIndex, nameTaken, removeLink } from "../veth.ts";
import { explained, type LinkedOptions, linkDifferences, ownInterface } from "./link.ts";

export interface TapLink {
  readonly owner: Owner;
  readonly tap: TapOptions;
  /** Bytes; 0 leaves it to the kernel. */
  readonly mtu: number;
  /** Link-layer address; undefined for a random one. */
  readonly mac: string | undefined;
  /** Makes the link in another way than by this process. */
  readonly create?: ((container: Side) => void) | undefined;
}

const linkedOptions = ({ owner, tap: { multiQueue, user, group }, mtu, mac }: TapLink): LinkedOptions => ({
  owner,
  linkinfo: {
    kind: "tun",
    data: {
      type: "tap",
      multiQueue,
      ...(user !== undefined && { owner: user }),
      ...(group !== undefined && { group }),
    },
  },
  mtu,
  mac,
});

function refused(ifname: string, cause: string, hint: string, details?: string): CniError {
  const operation = "create the tap link";
  return new CniError({ code: codes.failed, operation, subject: ifname, cause, hint, details });
}

const taken = (ifname: string): CniError => {
  const { cause, hint } = nameTaken(ifname);
  return refused(ifname, cause, hint);
};

function create(container: Side, { owner: { ifname }, tap }: TapLink): void {
  try {
    container.inside(() => createTap(ifname, tap));
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.code === "EBUSY") throw taken(ifname);
    if (!["ENOENT", "ENODEV", "ENXIO"].includes(error.code)) throw error;
    const hint = `${kindHint("tun")}, and let the plugin see ${TUN_DEVICE}`;
    throw refused(ifname, "this kernel has no tap links, or their device is missing", hint, error.message);
  }
}

/** What /dev/net/tun does not set, and the owner's name. */
function configure(container: Side, link: TapLink): void {
  const { owner, mtu, mac } = link;
  const [refusal] = container.route.attempt([
    setLink({
      ifname: owner.ifname,
      ...(mtu > 0 && { mtu }),
      ...(mac && { address: mac }),
      ifalias: ownerText(owner),
    }),
  ]);
  if (refusal !== undefined) throw explained(refusal, container, linkedOptions(link));
}

export const tapInterface = (host: Side, container: Side | undefined, link: TapLink): Resource => {
  const { owner } = link;
  const remove = (): void => {
    if (container !== undefined) removeLink(container, ownInterface(container, owner, "tun"));
  };
  return {
    describe: () => `tap link ${owner.ifname}`,
    ensure: () =>
      allOrNothing((made) => {
        // The kernel would hand out a link of this name that nobody has open.
        if (container!.route.find(getLinkSummary({ ifname: owner.ifname }))) throw taken(owner.ifname);
        if (link.create) link.create(container!);
        else create(container!, link);
        made.remember(remove);
        configure(container!, link);
        return remove;
      }),
    check: () => linkDifferences({ host, container: container! }, linkedOptions(link)),
    remove,
  };
};

/** The interface as a port of a bridge that is in the container, too. */
export const portInContainer = (container: Side | undefined, ifname: string, bridge: string): Resource => {
  const found = () => container!.route.find(getLinkSummary({ ifname: bridge }));
  return {
    describe: () => `${ifname} as a port of ${bridge}`,
    ensure() {
      const link = found();
      if (link?.linkinfo?.kind !== "bridge") {
        throw new CniError({
          code: codes.failed,
          operation: "use the bridge",
          subject: bridge,
          cause: `the container has ${link === undefined ? "no link of this name" : "another kind of link of this name"}`,
          hint: 'make the bridge in the container first, or leave out "bridge"',
        });
      }
      container!.route.do(setLink({ ifname, master: link.index }));
      return undefined;
    },
    check() {
      const index = containerIndex(container!, ifname);
      const { master } = container!.route.get(getLinkSummary({ index }));
      const link = found();
      return link !== undefined && master === link.index ? [] : ["it is none"];
    },
    remove: () => undefined,
  };
};
