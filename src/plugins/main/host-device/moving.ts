/**
 * A device goes from one namespace to another, and gets its name there.
 *
 * Each way is one datagram of requests, which the kernel carries out whatever becomes of this process, so that no device
 * is ever in a place where nobody looks for it. The Go plugin goes by a namespace without a name instead, so that udev of
 * the host sees no name that is on its way to another: with it a kill on the way destroys a device that is no hardware.
 * Here udev sees none either, since a request that moves and renames does both before anybody is told.
 */
import type { KernelError } from "../../../../netlink/errors.ts";
import { getLink, getLinkSummary, type Link, setLink } from "../../../../netlink/route/links.ts";
import { CniError, codes } from "../../../cni/error.ts";
import { explain } from "../../../cni/explain.ts";
import { giveAgain } from "../../../plan/kept-addresses.ts";
import type { Side } from "../../../plan/side.ts";
import { type Device, findDevice } from "./device.ts";

const hints: Readonly<Record<string, string>> = {
  EINVAL: "bridges, VRFs, loopback and some others belong to one namespace: choose another device",
  EEXIST: "a link has the name already: rename or delete it",
};

function explained(refusal: KernelError, what: string): CniError {
  const { failure } = explain(refusal);
  const hint = hints[refusal.code] ?? failure.hint;
  return new CniError({ ...failure, operation: "move", subject: what, hint }, { cause: refusal });
}

/** Moves the device into the container. Its alias says what it was called. @throws CniError; it is on either side then */
export function lend(host: Side, container: Side, { index, name }: Device, ifname: string): void {
  const [refusal] = container.withDescriptor((netNsFd) =>
    host.route.attempt([setLink({ index, netNsFd, ifname, ifalias: name })]),
  );
  if (refusal !== undefined) throw explained(refusal, `${name} into the container as ${ifname}`);
}

function requireFreeName(host: Side, name: string, index: number | undefined): void {
  const other = host.route.find(getLinkSummary({ ifname: name }));
  if (other === undefined || other.index === index) return;
  throw new CniError({
    code: codes.failed,
    operation: "give back the device",
    subject: name,
    cause: "the host has another link of this name by now",
    hint: "rename or delete that one; the device stays as it is until then",
  });
}

/** What a device is to be called on the host, and which alias it had there. */
interface Named {
  readonly name: string;
  readonly alias?: string | undefined;
}

const down = { flags: [], change: ["up"] } as const;

/**
 * Moves a link of the container to the host. It gets its name before it comes, so that udev there sees no other; where
 * the container has a link of that name, at the moment when it comes.
 * @throws CniError when the host has a link of that name; the device stays in the container, as it was
 */
export function moveBack(host: Side, container: Side, link: Link, { name, alias = "" }: Named): void {
  requireFreeName(host, name, undefined);
  const { index } = link;
  const [, , refusal] = host.withDescriptor((netNsFd) =>
    container.route.attempt([
      setLink({ index, ...down }),
      setLink({ index, ifname: name }),
      setLink({ index, netNsFd, ifname: name, ifalias: alias }),
    ]),
  );
  if (refusal === undefined) return;
  const before = link.flags.includes("up") ? ({ flags: ["up"], change: ["up"] } as const) : down;
  container.route.attempt([setLink({ index, ifname: link.ifname!, ...before })]);
  throw explained(refusal, `${name} back to the host`);
}

/** Gives a device that is on the host already its name. @throws CniError when another link has it */
export function rename(host: Side, { index, ifname, ifalias }: Link, { name, alias = "" }: Named): void {
  const ours = ifalias === name ? { ifalias: alias } : {};
  if (ifname === name) {
    if (ifalias === name) host.route.do(setLink({ index, ...ours }));
    return;
  }
  requireFreeName(host, name, index);
  host.route.do(setLink({ index, ...down }));
  host.route.do(setLink({ index, ifname: name, ...ours }));
}

/** The device on the host after it was moved there; nothing when it is not in the container. */
function takenFrom(host: Side, container: Side | undefined, device: Device): Link | undefined {
  const away = container && findDevice(container, device);
  if (away === undefined) return undefined;
  moveBack(host, container!, away, device);
  return host.route.get(getLink({ ifname: device.name }));
}

/**
 * Makes sure that a device is on the host as it was, wherever it is.
 * @param setUp whether it is set up if it was
 * @returns what of it could not be restored, in words; nothing when it was not found
 * @throws CniError when another link has its name
 */
export function restore(
  host: Side,
  container: Side | undefined,
  device: Device,
  setUp: boolean,
): string[] | undefined {
  const here = findDevice(host, device) ?? takenFrom(host, container, device);
  if (here === undefined) return undefined;
  rename(host, here, device);
  const lost = giveAgain(host, here.index, device.addresses);
  if (device.up && setUp) host.route.do(setLink({ index: here.index, flags: ["up"] }));
  return lost;
}
