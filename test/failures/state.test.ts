/** The directory of leases is full, read-only, torn, or locked by somebody else. */
import { expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { inside } from "../../netlink/socket/namespace.ts";
import { needs } from "../needs.ts";
import { Host } from "../plugins/host.ts";
import { program } from "../plugins/kernel.ts";
import { call, refused, succeed } from "./call.ts";
import { flatnet } from "./networks.ts";
import { traces, wholeState } from "./traces.ts";

const live = needs("namespaces", "program:mount", "program:flock", "program:ip", "program:nft");

const LEASES = "cni/networks";

/** A small disk for the leases of a host. */
function disk(host: Host, options: string): Disposable & { remount(options: string): void } {
  const path = host.file(LEASES);
  mkdirSync(path, { recursive: true });
  program(host.namespace, "mount", "-t", "tmpfs", "-o", options, "leases", path);
  return {
    remount: (options) => void program(host.namespace, "mount", "-o", `remount,bind,${options}`, path),
    [Symbol.dispose]: () => void program(host.namespace, "umount", path),
  };
}

/** Writes into a file until the disk is full. */
function fill(host: Host): void {
  expect(() => writeFileSync(host.file(`${LEASES}/filler`), Buffer.alloc(1 << 20))).toThrow("ENOSPC");
}

live.describe("a disk for leases", () => {
  live.test("that is full: an ADD is refused, a DEL works, and then there is room again", async () => {
    using host = new Host();
    using _disk = disk(host, "size=32k");
    const web = { config: flatnet(host), netns: host.container() };
    const other = {
      config: flatnet(host, { runtimeConfig: undefined }),
      netns: host.container(),
      id: "other",
    };
    await succeed(host, "ADD", web);
    fill(host);
    const before = wholeState(host, other.netns);
    const error = await refused(host, "ADD", other);
    expect(error).toMatchObject({
      code: 999,
      msg: expect.stringMatching(/create .*10.87.1.3: ENOSPC; free space/),
    });
    expect(wholeState(host, other.netns)).toEqual(before);
    await succeed(host, "DEL", web);
    await succeed(host, "ADD", other);
  });

  live.test("without inodes: an ADD is refused and leaves nothing", async () => {
    using host = new Host();
    using _disk = disk(host, "nr_inodes=3");
    const before = wholeState(host);
    const { msg } = await refused(host, "ADD", { config: flatnet(host), netns: host.container() });
    expect(msg).toMatch(/create .*10.87.1.2: ENOSPC; free space or inodes/);
    expect(wholeState(host)).toEqual(before);
  });

  live.test("that is read-only: ADD, a DEL that has a lease to remove, and STATUS say so", async () => {
    using host = new Host();
    using leases = disk(host, "size=1m");
    const web = { config: flatnet(host), netns: host.container() };
    await succeed(host, "ADD", web);
    leases.remount("ro");
    const other = { ...web, id: "other", netns: host.container() };
    expect((await refused(host, "ADD", other)).msg).toMatch(/EROFS; make the file system writable/);
    expect((await refused(host, "DEL", web)).msg).toMatch(/remove .*10.87.1.2: EROFS/);
    expect(await refused(host, "STATUS", web)).toMatchObject({
      code: 50,
      msg: expect.stringContaining("writable"),
    });
    await succeed(host, "DEL", other);
    leases.remount("rw");
    await succeed(host, "DEL", web);
    expect(traces(host, web.netns)).toEqual([]);
  });
});

live.describe("files of leases", () => {
  /** A host whose network has these files. */
  function hostWith(files: Readonly<Record<string, string>>): Host {
    const host = new Host();
    const directory = host.file(`${LEASES}/flatnet`);
    mkdirSync(directory, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(`${directory}/${name}`, text);
    return host;
  }

  live.test.each([
    ["an empty lease, as other programs leave when they are killed", { "10.87.1.2": "" }, "10.87.1.3/24"],
    ["half a lease", { "10.87.1.2": "we" }, "10.87.1.3/24"],
    ["a last address that is none", { "last_reserved_ip.0": "10.87" }, "10.87.1.2/24"],
    ["a last address of bytes", { "last_reserved_ip.0": "\u00ff\0\u0001" }, "10.87.1.2/24"],
    ["a last address of another network", { "last_reserved_ip.0": "192.168.7.7" }, "10.87.1.2/24"],
    ["a lease that was never finished", { ".unfinished-1": "web\r\neth0" }, "10.87.1.2/24"],
  ])("%s: an ADD gets the next address that is free", async (_, files, address) => {
    using host = hostWith(files);
    const web = { config: flatnet(host), netns: host.container() };
    expect((await succeed(host, "ADD", web))?.ips?.[0]?.address).toBe(address);
    await succeed(host, "DEL", web);
  });

  live.test.each([
    [
      "a directory in the place of the lock",
      (host: Host) => mkdirSync(host.file(`${LEASES}/flatnet/lock`), { recursive: true }),
      /lock: EISDIR; .*move it away/,
    ],
    [
      "a file in the place of the network's directory",
      (host: Host) => {
        mkdirSync(host.file(LEASES), { recursive: true });
        writeFileSync(host.file(`${LEASES}/flatnet`), "");
      },
      /flatnet: EEXIST; something else is in its place: move it away/,
    ],
  ])("%s: an ADD is refused and leaves nothing", async (_, prepare, words) => {
    using host = new Host();
    prepare(host);
    const before = wholeState(host);
    const { msg } = await refused(host, "ADD", { config: flatnet(host), netns: host.container() });
    expect(msg).toMatch(words);
    expect(wholeState(host)).toEqual(before);
  });
});

live.test("a lock that another process holds is waited for", async () => {
  using host = new Host();
  mkdirSync(host.file(`${LEASES}/flatnet`), { recursive: true });
  const lock = host.file(`${LEASES}/flatnet/lock`);
  // Says when it has the lock, and gives it back when its standard input ends.
  const holder = inside(host.namespace, () =>
    Bun.spawn(["flock", lock, "sh", "-c", "echo held; cat"], { stdin: "pipe", stdout: "pipe" }),
  );
  await holder.stdout.getReader().read();
  let ended = false;
  const web = { config: flatnet(host), netns: host.container() };
  const adding = call(host, "ADD", web).finally(() => {
    ended = true;
  });
  await Bun.sleep(300);
  expect(ended).toBe(false);
  holder.stdin.end();
  expect(await adding).toMatchObject({ exit: 0 });
  await holder.exited;
});
