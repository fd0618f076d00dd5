/** The socket, against the kernel: each test in a network namespace of its own. */
import { dlopen } from "bun:ffi";
import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { SystemError } from "../../netlink/errors.ts";
import { type LinuxTransport, openSocket, protocols } from "../../netlink/socket/linux.ts";
import { createNamespace, inside } from "../../netlink/socket/namespace.ts";
import { errnoNumber } from "../../netlink/wire/errno.ts";
import { openTargets } from "../descriptors.ts";
import { needs } from "../needs.ts";
import { createBridge, headersOf, linkDump, numbered } from "./messages.ts";

const RTM_NEWLINK = 16;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const RTMGRP_LINK = 1;

const live = needs("namespaces");

/** The types of the messages that answer `request`, until the end of the dump or the ack. */
function answerTo(socket: LinuxTransport, request: Uint8Array): number[] {
  const types: number[] = [];
  socket.send(request);
  for (;;) {
    types.push(...headersOf(socket.receive().bytes).map(({ type }) => type));
    if (types.includes(NLMSG_DONE) || types.includes(NLMSG_ERROR)) return types;
  }
}

/** Sends from another socket to the port of `target`, as a process that is not the kernel could. */
function sendAsStranger(target: LinuxTransport, datagram: Uint8Array): number {
  const libc = dlopen("libc.so.6", {
    socket: { args: ["i32", "i32", "i32"], returns: "i32" },
    sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i32" },
    getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
  }).symbols;
  const fd = libc.socket(16, 3, protocols.route);
  const address = new Uint32Array([16, target.port, 0]);
  expect(libc.sendto(fd, datagram, datagram.length, 0, address, 12)).toBe(datagram.length);
  libc.getsockname(fd, address, new Uint32Array([12]));
  libc.close(fd);
  return address[1]!;
}

live.test("the kernel lists the one link of a new namespace", () => {
  using namespace = createNamespace();
  using socket = openSocket({ protocol: "route", namespace });
  socket.send(linkDump);

  const links = socket.receive();
  expect(links).toMatchObject({ port: 0, truncated: false });
  expect(headersOf(links.bytes)).toMatchObject([
    { type: RTM_NEWLINK, flags: 2, sequence: 1, port: socket.port },
  ]);
  const index = links.bytes.slice(20, 24).toHex();
  const name = links.bytes.slice(32, 40).toHex();
  expect({ index, name }).toEqual({ index: "01000000", name: "070003006c6f0000" }); // IFLA_IFNAME "lo"

  expect(headersOf(socket.receive().bytes)).toMatchObject([
    { type: NLMSG_DONE, flags: 2, sequence: 1, port: socket.port },
  ]);
});

live.test("a socket stays in the namespace in which it was opened", () => {
  using one = createNamespace();
  using other = createNamespace();
  using socket = openSocket({ protocol: "route", namespace: one });
  using neighbour = openSocket({ protocol: "route", namespace: other });
  expect(inside(other, () => answerTo(socket, createBridge))).toEqual([NLMSG_ERROR]);
  expect(answerTo(socket, linkDump)).toEqual([RTM_NEWLINK, RTM_NEWLINK, NLMSG_DONE]);
  expect(answerTo(neighbour, linkDump)).toEqual([RTM_NEWLINK, NLMSG_DONE]);
});

live.test("a refusal holds the header of the request alone, and the kernel's sentence", () => {
  using namespace = createNamespace();
  using socket = openSocket({ protocol: "route", namespace });
  const unknownKind = createBridge.slice();
  unknownKind.set(new TextEncoder().encode("flat!!"), 40);
  socket.send(unknownKind);
  const { bytes } = socket.receive();
  const NLM_F_CAPPED = 0x100;
  const NLM_F_ACK_TLVS = 0x200;
  expect(headersOf(bytes)[0]).toMatchObject({ type: NLMSG_ERROR, flags: NLM_F_CAPPED | NLM_F_ACK_TLVS });
  expect(new TextDecoder().decode(bytes)).toContain("Unknown device type");
});

live.test("a request to list is checked strictly", () => {
  using namespace = createNamespace();
  using socket = openSocket({ protocol: "route", namespace });
  const withFlags = linkDump.slice();
  withFlags[24] = 1; // ifi_flags, which the kernel ignores unless it checks strictly
  socket.send(withFlags);
  const { bytes } = socket.receive();
  const error = new DataView(bytes.buffer, bytes.byteOffset).getInt32(16, true);
  expect([headersOf(bytes)[0]?.type, error]).toEqual([NLMSG_DONE, -errnoNumber("EINVAL")]);
});

live.test("two sockets have two ports, and the first request of each is answered to its own", () => {
  using namespace = createNamespace();
  using one = openSocket({ protocol: "route", namespace });
  using two = openSocket({ protocol: "route", namespace });
  expect(one.port).not.toBe(two.port);
  two.send(linkDump);
  expect(headersOf(two.receive().bytes)[0]?.port).toBe(two.port);
  expect(one.ready(0)).toBe(false);
});

live.test("waiting ends after the receive timeout, and the error says how long that was", () => {
  using namespace = createNamespace();
  using socket = openSocket({ protocol: "netfilter", namespace, receiveTimeout: 40 });
  const start = performance.now();
  expect(() => socket.receive()).toThrow(
    new SystemError("receive from netfilter netlink within 40 ms", "ETIMEDOUT"),
  );
  const waited = performance.now() - start;
  expect(waited).toBeGreaterThan(35);
  expect(waited).toBeLessThan(2000);
});

live.test("a datagram tells who sent it", () => {
  using namespace = createNamespace();
  using socket = openSocket({ protocol: "route", namespace });
  const stranger = inside(namespace, () => sendAsStranger(socket, linkDump));
  expect(socket.receive()).toEqual({ bytes: linkDump, port: stranger, truncated: false });
});

live.test("a datagram that does not fit is reported, and the next one of that length fits", () => {
  using namespace = createNamespace();
  using socket = openSocket({ protocol: "route", namespace });
  const long = new Uint8Array(100_000).fill(7);
  inside(namespace, () => sendAsStranger(socket, long));
  const cut = socket.receive();
  expect(cut.truncated).toBe(true);
  expect(cut.bytes.length).toBeLessThan(long.length);
  inside(namespace, () => sendAsStranger(socket, long));
  expect(socket.receive()).toMatchObject({ bytes: long, truncated: false });
});

live.test("a part of a larger array is sent alone", () => {
  using namespace = createNamespace();
  using socket = openSocket({ protocol: "route", namespace });
  const among = new Uint8Array(100).fill(0xff);
  among.set(linkDump, 13);
  expect(answerTo(socket, among.subarray(13, 13 + linkDump.length))).toEqual([RTM_NEWLINK, NLMSG_DONE]);
});

live.test("what happens to links arrives after joining their group, and is waited for", () => {
  using namespace = createNamespace();
  using changes = openSocket({ protocol: "route", namespace });
  using socket = openSocket({ protocol: "route", namespace });
  changes.join(RTMGRP_LINK);
  expect(changes.ready(10)).toBe(false);
  answerTo(socket, createBridge);
  expect(changes.ready(1000)).toBe(true);
  expect(headersOf(changes.receive().bytes)[0]).toMatchObject({ type: RTM_NEWLINK, sequence: 0 });
  expect(() => changes.join(100_000)).toThrow("join group 100000 of route netlink: EINVAL");
});

live.test("the kernel says when it had to drop messages", () => {
  using namespace = createNamespace();
  using changes = openSocket({ protocol: "route", namespace, receiveBuffer: 1 });
  using socket = openSocket({ protocol: "route", namespace });
  changes.join(RTMGRP_LINK);
  for (let count = 0; count < 3; count++) answerTo(socket, createBridge);
  expect(() => changes.receive()).toThrow(new SystemError("receive from route netlink", "ENOBUFS"));
  expect(headersOf(changes.receive().bytes)[0]?.type).toBe(RTM_NEWLINK);
});

live.test("a datagram may be longer than the send buffer, and than the machine's default for it", () => {
  const nops = new Uint8Array(320 << 10); // messages of type NLMSG_NOOP, which the kernel passes over
  const view = new DataView(nops.buffer);
  for (let at = 0; at < nops.length; at += 1 << 15) {
    view.setUint32(at, 1 << 15, true);
    view.setUint16(at + 4, 1, true);
  }
  using namespace = createNamespace();
  for (const sendBuffer of [4096, 1 << 20]) {
    using socket = openSocket({ protocol: "route", namespace, sendBuffer });
    expect(() => socket.send(nops)).not.toThrow();
  }
});

live.test("a signal does not end the wait", async () => {
  using namespace = createNamespace();
  using socket = openSocket({ protocol: "route", namespace });
  const heard = new Promise((resolve) => process.once("SIGWINCH", resolve));
  Bun.spawn(["sh", "-c", `sleep 0.05; kill -WINCH ${process.pid}`]);
  const start = performance.now();
  expect(socket.ready(200)).toBe(false);
  expect(performance.now() - start).toBeGreaterThan(230); // interrupted after 50 ms or more, then the whole 200
  await heard;
});

live.test("a closed socket is of no use, and closing it again closes nothing else", () => {
  using namespace = createNamespace();
  const sockets = () =>
    inside(namespace, () => readFileSync("/proc/thread-self/net/netlink", "utf8")).split("\n").length;
  const before = sockets();
  const socket = openSocket({ protocol: "route", namespace });
  socket.close();
  // One of these gets the number of the closed one, unless a thread of the runtime is quicker.
  using opened = new DisposableStack();
  const others = Array.from({ length: 5 }, () => opened.use(openSocket({ protocol: "route", namespace })));
  socket.close();
  expect(() => socket.send(linkDump)).toThrow("send to route netlink: EBADF");
  expect(() => socket.receive()).toThrow("receive from route netlink: EBADF");
  expect(others.map((other) => other.ready(0))).toEqual(others.map(() => false));
  expect(sockets()).toBe(before + others.length);
  opened.dispose();
  expect(sockets()).toBe(before);
});

live.test(
  "a socket that is closed in the background is gone a moment later, and leaves no descriptor",
  () => {
    using namespace = createNamespace();
    const sockets = () =>
      inside(namespace, () => readFileSync("/proc/thread-self/net/netlink", "utf8")).split("\n").length;
    const rings = () => openTargets().filter((target) => target.includes("io_uring")).length;
    const before = sockets();
    for (let count = 0; count < 20; count++) {
      const socket = openSocket({ protocol: "netfilter", namespace, closeInBackground: true });
      socket.close();
      socket.close();
      expect(() => socket.send(linkDump)).toThrow("send to netfilter netlink: EBADF");
    }
    expect(rings()).toBe(0);
    for (let tries = 0; tries < 200 && sockets() > before; tries++) Bun.sleepSync(20);
    expect(sockets()).toBe(before);
  },
);

live.test("an array that is small enough to be moved about in memory arrives whole", () => {
  using namespace = createNamespace();
  using socket = openSocket({ protocol: "route", namespace });
  for (let sequence = 1; sequence <= 20_000; sequence++) {
    const request = new Uint8Array(32);
    request.set(linkDump);
    socket.send(numbered(request, sequence));
    expect(headersOf(socket.receive().bytes)[0]?.sequence).toBe(sequence);
    socket.receive();
  }
});

needs("file:/usr/include/linux/netlink.h").test("the protocols have the numbers of linux/netlink.h", () => {
  const header = readFileSync("/usr/include/linux/netlink.h", "utf8");
  for (const [name, number] of Object.entries(protocols)) {
    const constant = `NETLINK_${name.replace(/[A-Z]/g, "_$&").toUpperCase()}`;
    expect(header).toMatch(new RegExp(`#define ${constant}\\s+${number}\\s`));
  }
});

needs().test("without executable memory the error says what to allow", () => {
  const script = `
    import { openSocket } from "${import.meta.dir}/../../netlink/socket/linux.ts";
    try { openSocket({ protocol: "route" }) } catch (error) { console.log(error.code, error.message) }`;
  const child = Bun.spawnSync([process.execPath, "-e", script], { env: { BUN_JSC_useJIT: "0" } });
  expect(child.stdout.toString()).toStartWith("EXECMEM call the C library, for which this process needs");
  expect(child.stdout.toString()).toContain("MemoryDenyWriteExecute=no");
});
