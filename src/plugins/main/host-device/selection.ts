/** Which device of the host a configuration means. */
import { getLink, type Link, listLinks } from "../../../../netlink/route/links.ts";
import { ConfigError } from "../../../cni/config/error.ts";
import { CniError, codes } from "../../../cni/error.ts";
import type { Side } from "../../../plan/side.ts";
import { exists, listDirectory, readLink } from "../../../sys/directories.ts";
import type { HostDevice } from "./schema.ts";

const PCI = "/sys/bus/pci/devices";
const AUXILIARY = "/sys/bus/auxiliary/devices";

/** Drivers that leave a device to a program: there is no link of it. */
const USERSPACE = new Set(["vfio-pci", "uio_pci_generic", "igb_uio"]);

/** The places where a device may stand, as far as the configuration says. */
export interface Selectors {
  readonly device?: string | undefined;
  readonly hwaddr?: string | undefined;
  /** Directories of sysfs whose `net`, or that of a part, has the name. */
  readonly kernelpath?: string | undefined;
  readonly pci?: string | undefined;
  readonly auxiliary?: string | undefined;
}

const invalid = (path: string, problem: string, hint: string): ConfigError =>
  new ConfigError([{ path, problem, hint }]);

/** @throws ConfigError for what would lead out of the directory of devices */
function checkId(path: string, id: string): string {
  if (!id.includes("/") && id !== "." && id !== "..") return id;
  throw invalid(path, `"${id}" is no device's name`, "give one such as 0000:03:00.1");
}

/** The device that a runtime has chosen, on whichever bus it is. @throws CniError when it is on none */
function chosen(id: string): Pick<Selectors, "pci" | "auxiliary"> {
  checkId("runtimeConfig.deviceID", id);
  if (exists(`${PCI}/${id}`)) return { pci: id };
  if (exists(`${AUXILIARY}/${id}`)) return { auxiliary: id };
  throw new CniError({
    code: codes.failed,
    operation: "find the device",
    subject: id,
    cause: `it is neither in ${PCI} nor in ${AUXILIARY}`,
    hint: "the runtime has to pass the name of a device that the host has as runtimeConfig.deviceID",
  });
}

function checkKernelPath(path: string): void {
  const parts = path.split("/");
  if (path.startsWith("/sys/devices/") && !parts.includes("..")) return;
  throw invalid(
    "kernelpath",
    `"${path}" is not below /sys/devices`,
    "give the whole path of the device's directory",
  );
}

/** @throws ConfigError when nothing says which device; CniError when the runtime's is not there */
export function selectorsOf({ device, hwaddr, kernelpath, pciBusID, runtimeConfig }: HostDevice): Selectors {
  const { deviceID } = runtimeConfig ?? {};
  if (kernelpath !== undefined) checkKernelPath(kernelpath);
  const pci = pciBusID === undefined ? undefined : checkId("pciBusID", pciBusID);
  const selectors = { device, hwaddr, kernelpath, ...(deviceID === undefined ? { pci } : chosen(deviceID)) };
  if (Object.values(selectors).some((each) => each !== undefined)) return selectors;
  throw invalid(
    "device",
    "nothing says which device",
    'give "device", "hwaddr", "kernelpath" or "pciBusID", or let the runtime pass a deviceID',
  );
}

/** Whether the device's driver leaves it to a program. @throws CniError when that cannot be told */
export function isForUserspace({ pci }: Selectors): boolean {
  if (pci === undefined) return false;
  const driver = readLink(`${PCI}/${pci}/driver`);
  if (driver !== undefined) return USERSPACE.has(driver.slice(driver.lastIndexOf("/") + 1));
  throw new CniError({
    code: codes.failed,
    operation: "find the driver of the device",
    subject: pci,
    cause: `there is no ${PCI}/${pci}/driver`,
    hint: "is it the PCI address of a device that has a driver? See lspci -D -k",
  });
}

/** The names in a directory, in order; none where there is no such directory. */
const namesIn = (directory: string): string[] => (exists(directory) ? listDirectory(directory).sort() : []);

/** The name of the link of a device, which sysfs has below it, or below the virtio device that it carries. */
function nameBelow(directory: string): string | undefined {
  const parts = namesIn(directory).filter((name) => name.startsWith("virtio"));
  return [directory, ...parts.map((part) => `${directory}/${part}`)].flatMap((each) =>
    namesIn(`${each}/net`),
  )[0];
}

function nameInSysfs({ kernelpath, pci, auxiliary }: Selectors): string | undefined {
  if (kernelpath !== undefined) return namesIn(`${kernelpath}/net`)[0];
  if (pci !== undefined) return nameBelow(`${PCI}/${pci}`);
  return namesIn(`${AUXILIARY}/${auxiliary}/net`)[0];
}

/** The kernel looks for a name longer than a link's own among the alternative ones. */
const byName = (name: string) => (name.length > 15 ? { altIfname: name } : { ifname: name });

/** The device on the host, by the first of the selectors that there is; nothing when it is not there. */
export function selectedLink(host: Side, selectors: Selectors): Link | undefined {
  const { device, hwaddr } = selectors;
  if (device !== undefined) return host.route.find(getLink(byName(device)));
  if (hwaddr !== undefined) {
    const wanted = hwaddr.toLowerCase();
    return host.route.list(listLinks({ extMask: ["skipStats"] })).find(({ address }) => address === wanted);
  }
  const name = nameInSysfs(selectors);
  return name === undefined ? undefined : host.route.find(getLink(byName(name)));
}

/** What was looked for, in words. */
export const selectionText = ({ device, hwaddr, kernelpath, pci, auxiliary }: Selectors): string =>
  device ?? hwaddr ?? kernelpath ?? pci ?? auxiliary ?? "";
