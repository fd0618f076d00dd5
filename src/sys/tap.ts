/** Persistent tap links, made by ioctls on /dev/net/tun (linux/if_tun.h; drivers/net/tun.c of the kernel). */
import { ptr } from "bun:ffi";
import { retrying } from "../../netlink/socket/libc.ts";
import { OPEN, opened } from "./descriptors.ts";
import { buffer, libc, utf8 } from "./library.ts";

/** Where the links are made, in the network namespace of the thread that opens it. */
export const TUN_DEVICE = "/dev/net/tun";

/** TUNSET*: the numbers are the same on all processors that this runs on. */
const SET = { interface: 0x400454ca, persist: 0x400454cb, owner: 0x400454cc, group: 0x400454ce } as const;

/** IFF_*. */
const FLAG = { tap: 0x2, multiQueue: 0x100, noInformation: 0x1000, virtioHeader: 0x4000, exclusive: 0x8000 };

/** struct ifreq: 16 bytes of name, and then the flags. */
const REQUEST_SIZE = 40;
const FLAGS_AT = 16;

export interface TapOptions {
  readonly multiQueue: boolean;
  /** The ids of who may open it besides whoever has CAP_NET_ADMIN. */
  readonly user?: number | undefined;
  readonly group?: number | undefined;
}

function interfaceRequest(name: string, multiQueue: boolean): Uint8Array<ArrayBuffer> {
  const request = buffer(REQUEST_SIZE);
  request.set(utf8(name).subarray(0, FLAGS_AT - 1));
  // Who opens the link later says for himself whether packets have headers.
  const flags = FLAG.tap | FLAG.noInformation | FLAG.virtioHeader | FLAG.exclusive;
  new DataView(request.buffer).setUint16(FLAGS_AT, multiQueue ? flags | FLAG.multiQueue : flags, true);
  return request;
}

/**
 * Makes a tap link in the thread's network namespace. It stays until it is deleted; killed on the way, it is gone.
 * @throws SystemError with the code `EBUSY` when there is a link of this name, `ENOENT` or `ENODEV` where the kernel has
 * no tun
 */
export function createTap(name: string, { multiQueue, user, group }: TapOptions): void {
  const operation = `create the tap link ${name}`;
  using tun = opened(operation, TUN_DEVICE, OPEN.readWrite);
  const set = (what: number, value: number): void =>
    void retrying(operation, () => libc().ioctl(tun.fd, what, value));
  const request = interfaceRequest(name, multiQueue);
  set(SET.interface, ptr(request));
  if (user !== undefined) set(SET.owner, user);
  if (group !== undefined) set(SET.group, group);
  set(SET.persist, 1);
}
