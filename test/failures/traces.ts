/** What calls leave behind, wherever it may be: the measure of "nothing is left". */
import type { Namespace } from "../../netlink/socket/namespace.ts";
import { DEVICE, DEVICE_END, type Host, UPLINK } from "../plugins/host.ts";
import { addresses, links, program, ruleset } from "../plugins/kernel.ts";

/** Files that stay for the network's next address. */
const SHARED_FILE = /\/(lock|last_reserved_ip\.\d+)$/;

/** Those of attachments: an element of a whole network has no container in its comment, and stays as its bridge does. */
const elements = (text: string): string[] => text.match(/[^{},\n]*comment "net: [^"]*id: [^"]*"/g) ?? [];

/** What a device that is on the host does not have again of what it had before a container got it. */
function ofDevice({ namespace }: Host): string[] {
  const device = links(namespace).find(({ ifname }) => ifname === DEVICE);
  if (device === undefined) return [];
  return [
    ...(device.ifalias ? [`alias of ${DEVICE}: ${device.ifalias}`] : []),
    ...(device.flags.includes("UP") ? [] : [`${DEVICE} down`]),
    ...(addresses(namespace, DEVICE).length > 0 ? [] : [`${DEVICE} without its address`]),
  ];
}

/**
 * A line for each link, interface, firewall element and file that belongs to an attachment. Bridges and the firewall's
 * tables are shared, and stay.
 */
export function traces(host: Host, ...containers: Namespace[]): string[] {
  const hosts = ["lo", UPLINK, DEVICE, DEVICE_END];
  const own = links(host.namespace).filter(
    ({ ifname, linkinfo }) => !hosts.includes(ifname) && linkinfo?.info_kind !== "bridge",
  );
  const interfaces = containers.flatMap(links).filter(({ ifname }) => ifname !== "lo");
  return [
    ...own.map(({ ifname }) => `link ${ifname}`),
    ...interfaces.map(({ ifname }) => `interface ${ifname}`),
    ...ofDevice(host),
    ...elements(ruleset(host.namespace)).map((element) => `element ${element.trim()}`),
    ...Object.keys(host.files())
      .filter((file) => !SHARED_FILE.test(file))
      .map((file) => `file ${file}`),
  ];
}

/** The same, with every link and address of the host: what an ADD that fails must leave as it was. */
export function wholeState(host: Host, ...containers: Namespace[]): string[] {
  const shown = program(host.namespace, "ip", "-oneline", "address", "show");
  // Without what changes by itself, and without addresses that links give themselves.
  const addresses = shown.split("\n").filter((line) => line !== "" && !line.includes("scope link"));
  return [
    ...links(host.namespace).map(({ ifname }) => ifname),
    ...addresses.map((line) => line.replace(/ tentative|\\.*/g, "").trim()),
    ...traces(host, ...containers),
  ];
}
