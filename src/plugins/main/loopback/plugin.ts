/** `loopback`: the container's `lo` set up, with the addresses that the kernel gives it. */
import { listAddresses } from "../../../../netlink/route/addresses.ts";
import { getLink, type Link, setLink } from "../../../../netlink/route/links.ts";
import { configured } from "../../../cni/config/configure.ts";
import { CniError, codes } from "../../../cni/error.ts";
import type { Plugin } from "../../../cni/plugin.ts";
import type { IpConfig, Result } from "../../../cni/result.ts";
import { identityOf } from "../../../names.ts";
import { namespaceIfThere, namespaceOf } from "../../../plan/namespaces.ts";
import { Side } from "../../../plan/side.ts";
import { shapeOfLoopback } from "./schema.ts" with { type: "macro" };
import type { Loopback } from "./schema.ts";

const NAME = "lo";

const lo = (container: Side): Link => container.route.get(getLink({ ifname: NAME }));

function setUp(container: Side, up: boolean): void {
  container.route.do(setLink({ ifname: NAME, flags: up ? ["up"] : [], change: ["up"] }));
}

/** The first address of each family. @throws CniError when `lo` has one that is not a loopback address */
function loopbackAddresses(container: Side): IpConfig[] {
  const { index } = lo(container);
  const addresses = container.route.list(listAddresses({ index }));
  const foreign = addresses.find(({ address = "" }) => !(address.startsWith("127.") || address === "::1"));
  if (foreign !== undefined) {
    throw new CniError({
      code: codes.failed,
      operation: "use",
      subject: NAME,
      cause: `it has the address ${foreign.address}, which is not a loopback address`,
      hint: "remove that address from lo",
    });
  }
  const first = (family: "inet" | "inet6") => addresses.find((address) => address.family === family);
  return [first("inet"), first("inet6")].flatMap((found) =>
    found === undefined ? [] : [{ address: `${found.address}/${found.prefixlen}`, interface: 0 }],
  );
}

export const plugin: Plugin<Loopback> = {
  ...identityOf("loopback"),
  configure: configured(() => shapeOfLoopback()),

  add({ netns, prevResult, open }): Result {
    using namespace = namespaceOf(netns);
    using container = new Side("container", namespace, open);
    setUp(container, true);
    const ips = loopbackAddresses(container);
    if (prevResult !== undefined) return prevResult;
    const interfaces = [{ name: NAME, mac: lo(container).address, sandbox: netns }];
    return { interfaces, ips, routes: [], dns: {} };
  },

  del({ netns, open }) {
    using namespace = namespaceIfThere(netns);
    if (namespace === undefined) return;
    using container = new Side("container", namespace, open);
    setUp(container, false);
  },

  check({ netns, open }) {
    using namespace = namespaceOf(netns);
    using container = new Side("container", namespace, open);
    if (lo(container).flags.includes("up")) return;
    throw new CniError({
      code: codes.failed,
      operation: "check the interface",
      subject: NAME,
      cause: "it is down",
      hint: "DEL and ADD set it up again",
    });
  },
};
