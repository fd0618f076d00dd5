/** `host-device`: a device of the host for the container alone, and back when the container goes. */
import type { Link } from "../../../../netlink/route/links.ts";
import { removes } from "../../../cni/commands.ts";
import { configured } from "../../../cni/config/configure.ts";
import { CniError, codes } from "../../../cni/error.ts";
import { isInterfaceName } from "../../../cni/names.ts";
import type { Call, Plugin } from "../../../cni/plugin.ts";
import type { Result } from "../../../cni/result.ts";
import { identityOf } from "../../../names.ts";
import { type Attaching, attach, compare, detach } from "../../../plan/attaching/attach.ts";
import { collect, ownerOf } from "../../../plan/attaching/collect.ts";
import { requireAddresses } from "../../../plan/attaching/leased.ts";
import type { Sides } from "../../../plan/attaching/sides.ts";
import { configuredInterface } from "../../../plan/interface.ts";
import type { Plan } from "../../../plan/resource.ts";
import { Side } from "../../../plan/side.ts";
import { containerLink } from "../../../plan/veth.ts";
import { lentDevice, lentDevices } from "./lent.ts";
import { Records } from "./records.ts";
import { shapeOfHostDevice } from "./schema.ts" with { type: "macro" };
import type { HostDevice } from "./schema.ts";
import { isForUserspace, type Selectors, selectedLink, selectionText, selectorsOf } from "./selection.ts";

const ipamOf = (call: Call<HostDevice>) =>
  call.config.ipam?.type ? call.ipam(call.config.ipam.type) : undefined;

const recordsOf = ({ config }: Call<HostDevice>): Records => new Records(config.dataDir, config.name);

/** Why a device is not on the host, when a container has it. */
function holderOf(records: Records, { device, hwaddr }: Selectors): string | undefined {
  const lent = records
    .all()
    .find(
      ({ device: { name, address, permanent } }) =>
        name === device || (hwaddr !== undefined && [address, permanent].includes(hwaddr.toLowerCase())),
    );
  return lent && `the container ${lent.owner.containerId} of the network ${lent.owner.network} has it`;
}

const notThere = (selectors: Selectors, code: number, cause: string): CniError =>
  new CniError({
    code,
    operation: "find the device",
    subject: selectionText(selectors),
    cause,
    hint: "see ip -details link show",
  });

/** @throws CniError when it is not on the host */
function deviceOn(host: Side, selectors: Selectors, records: Records): Link {
  const link = selectedLink(host, selectors);
  if (link !== undefined) return link;
  throw notThere(selectors, codes.failed, holderOf(records, selectors) ?? "the host has no such device");
}

/** What removing goes by when record and alias are lost. A PCI device may have been left alone, as a program's. */
function usualName({ device, pciBusID, runtimeConfig }: HostDevice): string | undefined {
  if (pciBusID !== undefined || runtimeConfig?.deviceID !== undefined) return undefined;
  return device !== undefined && isInterfaceName(device) ? device : undefined;
}

function lentPlan(call: Call<HostDevice>, selectors: Selectors | undefined, sides: Sides): Plan {
  const { host, container, mac } = sides;
  const records = recordsOf(call);
  return [
    lentDevice(host, container, {
      owner: ownerOf(call),
      netns: call.netns,
      records,
      find: () => deviceOn(host, selectors!, records),
      usualName: usualName(call.config),
      mac,
      open: call.open,
      log: call.log,
    }),
  ];
}

/** The interface of the result. A device that is left to a program has no link, and so no address. */
function resultOf(call: Call<HostDevice>, { ips, routes }: Result, container: Side | undefined): Result {
  const { ifname, netns, config } = call;
  const mac = container && containerLink(container, ifname).address;
  return {
    interfaces: [{ name: ifname, ...(mac !== undefined && { mac }), sandbox: netns }],
    ips: ips.map((ip) => ({ ...ip, interface: 0 })),
    routes,
    dns: config.ipam?.type ? (config.dns ?? {}) : {},
  };
}

function attaching(call: Call<HostDevice>): Attaching {
  const selectors = removes(call.command) ? undefined : selectorsOf(call.config);
  const leftAlone = selectors !== undefined && isForUserspace(selectors);
  return {
    request: call,
    ipam: () => ipamOf(call),
    link: (sides) => (leftAlone ? [] : lentPlan(call, selectors, sides)),
    addressed({ container }, leased) {
      requireAddresses(call, leased);
      const { ips, routes } = leased;
      const options = { ifname: call.ifname, ips, routes, detectDuplicates: undefined, announce: false };
      return {
        plan: leftAlone || container === undefined ? [] : configuredInterface(container, options),
        result: () => resultOf(call, leased, leftAlone ? undefined : container),
      };
    },
  };
}

/** @throws CniError with code 50 when the device is neither on the host nor with a container */
function deviceReady(call: Call<HostDevice>, selectors: Selectors): void {
  if (isForUserspace(selectors)) return;
  using host = new Side("host", undefined, call.open);
  if (selectedLink(host, selectors) !== undefined) return;
  if (holderOf(recordsOf(call), selectors) !== undefined) return;
  throw notThere(selectors, codes.notAvailable, "the host has no such device, and no container has got it");
}

export const plugin: Plugin<HostDevice> = {
  ...identityOf("host-device"),
  configure: configured(() => shapeOfHostDevice()),
  add: (call) => attach(attaching(call)),
  del: (call) => detach(attaching(call)),
  check: (call) => compare(attaching(call)),
  gc: (call) =>
    collect({
      request: call,
      addresses: () => ipamOf(call)?.gc(),
      leftovers: [lentDevices({ records: recordsOf(call), open: call.open, log: call.log })],
    }),
  status(call) {
    ipamOf(call)?.status();
    // With a capability the device is known only when there is a container.
    if (!call.config.capabilities?.deviceID) deviceReady(call, selectorsOf(call.config));
  },
};
