/** The host's end of an attachment as a port of its bridge: how the bridge treats it. */
import type { LinkSummary } from "../../netlink/route/link/summary.ts";
import { getLink, getLinkSummary, setLink } from "../../netlink/route/links.ts";
import { CniError, codes } from "../cni/error.ts";
import { sleep } from "../sys/time.ts";
import { hostLinkName, type Owner } from "./owner.ts";
import type { Resource } from "./resource.ts";
import type { Side } from "./side.ts";

export interface PortOptions {
  /** Frames may leave by the port they came in by: a container reaches itself through its published port. */
  readonly hairpin: boolean;
  /** Frames do not pass to other isolated ports. Kernels before 4.18 pass them all the same. */
  readonly isolated: boolean;
}

/** What the bridge says of the port: the summary of a link does not have it. */
function treatment(host: Side, owner: Owner): { mode?: boolean | undefined; isolated?: boolean | undefined } {
  const info = host.route.find(getLink({ ifname: hostLinkName(owner) }))?.linkinfo;
  return info?.slaveKind === "bridge" ? (info.slaveData ?? {}) : {};
}

/** The port's options. They go with the link. */
export const bridgePort = (host: Side, owner: Owner, { hairpin, isolated }: PortOptions): Resource => ({
  describe: () => `bridge port ${hostLinkName(owner)}`,
  ensure() {
    host.route.do(
      setLink({
        ifname: hostLinkName(owner),
        linkinfo: { slaveKind: "bridge", slaveData: { mode: hairpin, isolated } },
      }),
    );
    return undefined;
  },
  check() {
    const found = treatment(host, owner);
    return [
      ...((found.mode ?? hairpin) === hairpin ? [] : [`hairpin mode is ${hairpin ? "off" : "on"}`]),
      ...((found.isolated ?? isolated) === isolated ? [] : [`isolation is ${isolated ? "off" : "on"}`]),
    ];
  },
  remove: () => undefined,
});

/** The port as it was last seen here. */
export const portLink = (host: Side, owner: Owner): LinkSummary =>
  host.linkOf(hostLinkName(owner), () => portNow(host, owner));

const portNow = (host: Side, owner: Owner): LinkSummary =>
  host.route.get(getLinkSummary({ ifname: hostLinkName(owner) }));

/** Milliseconds between looks at the port: nearly always the first or second look is the last. */
const PAUSES = [0, 1, 2, 5, 10, 20, 50, 100, 300, 1000, 1000];

/** Waits until the port forwards frames: until then the bridge drops what the container sends. */
export const carrier = (host: Side, owner: Owner): Resource => ({
  describe: () => `carrier on ${hostLinkName(owner)}`,
  ensure() {
    let state: LinkSummary["operstate"];
    for (const pause of PAUSES) {
      if (pause > 0) sleep(pause);
      const link = portNow(host, owner);
      state = link.operstate;
      if (state !== "up") continue;
      host.linkOf(hostLinkName(owner), () => link);
      return undefined;
    }
    throw new CniError({
      code: codes.failed,
      operation: "wait for the bridge port",
      subject: hostLinkName(owner),
      cause: `it is still ${state} after ${PAUSES.reduce((a, b) => a + b)} ms`,
      hint: "is the container's interface being set down by something else?",
    });
  },
  check: () => [],
  remove: () => undefined,
});
