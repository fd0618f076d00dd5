/** Sockets of the file system, and waiting for several descriptors. */
import { expect, test } from "bun:test";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { SystemError } from "../../netlink/errors.ts";
import { waitForAny } from "../../src/sys/socket-calls.ts";
import { sinceBoot } from "../../src/sys/time.ts";
import { connectUnix, listenUnix } from "../../src/sys/unix-socket.ts";
import { scratch } from "./scratch.ts";

const inScratch = scratch();
let made = 0;
/** A path that no other test of this file has. */
const fresh = () => inScratch(`socket${++made}`);

const bytes = (text: string) => new TextEncoder().encode(text);
const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof SystemError) return error.code;
    throw error;
  }
  return "no error";
};

test("what one end sends the other receives, until it is closed", () => {
  using listener = listenUnix(fresh());
  expect(listener.accept()).toBeUndefined();
  using client = connectUnix(listener.path);
  using server = listener.accept()!;
  expect(server.receive()).toBeUndefined();
  expect(client.send(bytes("hello"))).toBe(5);
  expect(server.receive()).toEqual(bytes("hello"));
  client[Symbol.dispose]();
  expect(server.wait(1000)).toBe(true);
  expect(server.receive()).toHaveLength(0);
  expect(codeOf(() => server.send(bytes("x")))).toBe("EPIPE");
});

test("a full connection takes no more, and does not wait", () => {
  using listener = listenUnix(fresh());
  using client = connectUnix(listener.path);
  const much = new Uint8Array(new ArrayBuffer(1 << 22));
  let taken = 0;
  for (let sent = client.send(much); sent > 0; sent = client.send(much)) taken += sent;
  expect(taken).toBeLessThan(1 << 22);
  expect(client.wait(0, true)).toBe(false);
});

test("only the owner may connect", () => {
  using listener = listenUnix(fresh());
  expect(statSync(listener.path).mode & 0o777).toBe(0o600);
  writeFileSync(inScratch("after"), "");
  expect(statSync(inScratch("after")).mode & 0o777).not.toBe(0o600);
});

test("a path that somebody listens at is refused, one that is left behind is taken over", () => {
  const path = fresh();
  const first = listenUnix(path);
  expect(codeOf(() => listenUnix(path))).toBe("EADDRINUSE");
  first[Symbol.dispose]();
  expect(existsSync(path)).toBe(true);
  expect(codeOf(() => connectUnix(path))).toBe("ECONNREFUSED");
  using second = listenUnix(path);
  using _ = connectUnix(second.path);
});

test.each([
  ["/no/such/socket", "ENOENT"],
  ["/etc/passwd/socket", "ENOTDIR"],
])("connecting to %s says %s", (path, code) => {
  expect(codeOf(() => connectUnix(path))).toBe(code);
});

test.each([`/tmp/${"x".repeat(110)}`, "/tmp/a\0b"])("%j is no path of a socket", (path) => {
  expect(() => connectUnix(path)).toThrow("is no path for a socket");
});

test("waiting gives those that are ready, or none when the time is over", () => {
  using listener = listenUnix(fresh());
  using client = connectUnix(listener.path);
  using server = listener.accept()!;
  const both = [{ fd: client.fd }, { fd: server.fd }];
  const start = performance.now();
  expect(waitForAny(both, 30)).toEqual([]);
  expect(performance.now() - start).toBeGreaterThan(25);
  client.send(bytes("x"));
  expect(waitForAny(both, -1)).toEqual([{ fd: server.fd }]);
  expect(waitForAny([{ fd: client.fd, output: true }], -1)).toHaveLength(1);
});

test("the time since the machine was started goes on, and is the kernel's", async () => {
  const kernels = Number((await Bun.file("/proc/uptime").text()).split(" ")[0]) * 1000;
  expect(Math.abs(sinceBoot() - kernels)).toBeLessThan(1000);
});
