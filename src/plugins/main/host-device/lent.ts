/** The device in the container as a resource: recorded and moved by ADD, given back by DEL and GC as it was. */
import { getLink, type Link, listLinks } from "../../../../netlink/route/links.ts";
import { CniError, codes } from "../../../cni/error.ts";
import { isInterfaceName } from "../../../cni/names.ts";
import type { Call } from "../../../cni/plugin.ts";
import type { Leftover } from "../../../plan/attaching/collect.ts";
import { namespaceIfThere } from "../../../plan/namespaces.ts";
import { type Owner, ownerText } from "../../../plan/owner.ts";
import { allOrNothing, onlyRemoved, type Resource, removeAll } from "../../../plan/resource.ts";
import { Side } from "../../../plan/side.ts";
import { FILESYSTEM, filesystemType } from "../../../sys/directories.ts";
import { monotonic, sleep } from "../../../sys/time.ts";
import { deviceOf, lasting } from "./device.ts";
import { lend, moveBack, rename, restore } from "./moving.ts";
import type { Lent, Records } from "./records.ts";

export interface LentOptions extends Pick<Call, "open" | "log"> {
  readonly owner: Owner;
  /** `CNI_NETNS` as passed. */
  readonly netns: string;
  readonly records: Records;
  /** The device on the host. @throws CniError when it is not there */
  find(): Link;
  /** The name on the host of a device whose record is lost, and with it its alias. */
  readonly usualName: string | undefined;
  /** CHECK: the link-layer address that the result gives it. */
  readonly mac: string | undefined;
}

/** How long a device may be on its way back from a namespace that has ended: the kernel clears these one by one. */
const PATIENCE = 1000;
const PAUSE = 20;

interface GivingBack extends Pick<Call, "open" | "log"> {
  readonly records: Records;
  /** Milliseconds to wait for hardware. */
  readonly patience: number;
}

/** File systems on which namespaces are. */
const OF_NAMESPACES: readonly number[] = [FILESYSTEM.nsfs, FILESYSTEM.proc];

/**
 * The namespace of a record's container; nothing when something else is at its path by now.
 * @throws SystemError when it cannot be opened
 */
function namespaceOf({ netns }: Lent): ReturnType<typeof namespaceIfThere> {
  try {
    return namespaceIfThere(netns);
  } catch (error) {
    if (!(error instanceof CniError) || OF_NAMESPACES.includes(filesystemType(netns))) throw error;
    return undefined;
  }
}

/**
 * Gives a device back that there is a record of. What is no hardware has ended with its namespace; hardware the kernel
 * moves to the host by itself, some time after that, and its record stays for GC where that takes longer.
 */
function giveBackFrom(
  host: Side,
  container: Side | undefined,
  { device, owner }: Lent,
  { records, log, patience }: GivingBack,
): void {
  const back = () => restore(host, container, device, device.addresses.length > 0);
  const isHardware = device.permanent !== undefined;
  const end = monotonic() + (isHardware && container === undefined ? patience : 0);
  let lost = back();
  for (; lost === undefined && monotonic() < end; lost = back()) sleep(PAUSE);
  if (lost === undefined && isHardware) return;
  for (const each of lost ?? []) log(`${device.name} is not as it was before: ${each}`);
  records.remove(owner);
}

/** The same, from the container that the record names. */
function giveBack(host: Side, lent: Lent, giving: GivingBack): void {
  using namespace = namespaceOf(lent);
  using container = namespace && new Side("container", namespace, giving.open);
  giveBackFrom(host, container, lent, giving);
}

/** Gives back what the Go plugin moved, or a call whose record is lost. */
function giveBackUnrecorded(
  host: Side,
  container: Side | undefined,
  { owner, usualName }: LentOptions,
): void {
  const inner = container?.route.find(getLink({ ifname: owner.ifname }));
  const alias = inner?.ifalias;
  if (inner !== undefined && alias !== undefined && isInterfaceName(alias)) {
    moveBack(host, container!, inner, { name: alias });
    return;
  }
  // It is back, or nobody knows what it was called.
  if (usualName === undefined || host.route.find(getLink({ ifname: usualName })) !== undefined) return;
  const outer = host.route
    .list(listLinks({ extMask: ["skipStats"] }))
    .find(({ ifalias }) => ifalias === usualName);
  if (outer !== undefined) rename(host, outer, { name: usualName });
  else if (inner !== undefined) moveBack(host, container!, inner, { name: usualName });
}

function refuseTaken(container: Side, { ifname }: Owner): void {
  if (container.route.find(getLink({ ifname })) === undefined) return;
  throw new CniError({
    code: codes.failed,
    operation: "move a device into the container as",
    subject: ifname,
    cause: "the container has a link of this name already",
    hint: "choose another CNI_IFNAME, or DEL the attachment that has it",
  });
}

/** @param container absent when its namespace is gone */
export const lentDevice = (host: Side, container: Side | undefined, options: LentOptions): Resource => {
  const { owner, netns, records, mac } = options;
  return {
    describe: () => `device ${owner.ifname}`,
    ensure() {
      refuseTaken(container!, owner);
      const device = deviceOf(host, options.find());
      const undo = (): void => {
        restore(host, container, device, true);
        records.remove(owner);
      };
      return allOrNothing((made) => {
        made.remember(undo);
        records.keep({ owner, netns, device: lasting(device) });
        lend(host, container!, device, owner.ifname);
        return undo;
      });
    },
    check() {
      const link = container!.route.find(getLink({ ifname: owner.ifname }));
      if (link === undefined) return ["it is not in the container"];
      const name = records.read(owner)?.device.name ?? options.usualName;
      const differences: string[] = [];
      if (mac !== undefined && link.address !== mac) differences.push(`its address is ${link.address}`);
      if (name !== undefined && link.ifalias !== name)
        differences.push(`its alias is ${link.ifalias || "empty"}, and not its name on the host, ${name}`);
      return differences;
    },
    remove() {
      const lent = records.read(owner);
      const giving = { ...options, patience: PATIENCE };
      if (lent !== undefined && container === undefined) return giveBack(host, lent, giving);
      if (lent !== undefined) return giveBackFrom(host, container, lent, giving);
      giveBackUnrecorded(host, container, options);
      // One that cannot be read.
      records.remove(owner);
    },
  };
};

/** Gives back the device of an attachment that is not valid any more. */
const stray = (host: Side, lent: Lent, giving: Omit<GivingBack, "patience">): Resource =>
  onlyRemoved(`device ${lent.device.name}`, () => giveBack(host, lent, { ...giving, patience: 0 }));

/** Devices of attachments that are not valid any more. */
export const lentDevices = (giving: Omit<GivingBack, "patience">): Leftover => ({
  what: "devices",
  remove(host, stale) {
    giving.records.tidy();
    const lents = giving.records.all().filter(({ owner }) => stale(ownerText(owner)));
    removeAll(lents.map((lent) => stray(host, lent, giving)));
  },
});
