/** host-local when many call at once, when it is killed, and when the disk is full or read-only. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { needs } from "../needs.ts";
import { scratch } from "../sys/scratch.ts";
import { go, goBinary, network, ours } from "./implementations.ts";

const at = scratch();

/** A process of its own that runs `code`, in which `ours(call)` is at hand. */
const running = (code: string): string[] => [
  process.execPath,
  "-e",
  `import { ours, go, addresses } from "${import.meta.dir}/implementations.ts";\n${code}`,
];

const leasesIn = (directory: string) => readdirSync(directory).filter((name) => /^\d/.test(name));

describe("at once", () => {
  /** A program that makes a hundred attachments and prints their addresses. */
  const hundred = (prefix: string, implementation: string, config: object) =>
    running(`
      const config = ${JSON.stringify(config)};
      for (let index = 0; index < 100; index++)
        console.log(addresses(${implementation}({ containerId: "${prefix}" + index, config }))[0] ?? "refused");
    `);
  const printed = async (command: string[]) =>
    (await Bun.spawn(command, { stdout: "pipe" }).stdout.text()).trim().split("\n");

  test("two processes with a hundred ADDs each get two hundred addresses", async () => {
    const dataDir = mkdtempSync(at("data-"));
    const config = network({ dataDir, subnet: "10.1.2.0/24" });
    const given = await Promise.all([
      printed(hundred("a", "ours", config)),
      printed(hundred("b", "ours", config)),
    ]);
    expect(new Set(given.flat()).size).toBe(200);
    expect(given.flat()).not.toContain("refused");
    expect(leasesIn(`${dataDir}/net`)).toHaveLength(200);
  });

  needs(`file:${goBinary}`).test("so do the Go program and ours together", async () => {
    const dataDir = mkdtempSync(at("data-"));
    const config = network({ dataDir, subnet: "10.1.2.0/24" });
    const given = await Promise.all([
      printed(hundred("a", "ours", config)),
      printed(hundred("b", "go", config)),
    ]);
    expect(new Set(given.flat()).size).toBe(200);
    expect(given.flat()).not.toContain("refused");
  });

  test("a range with room for a hundred gives exactly these", async () => {
    const dataDir = mkdtempSync(at("data-"));
    const config = network({
      dataDir,
      subnet: "10.1.2.0/24",
      rangeStart: "10.1.2.101",
      rangeEnd: "10.1.2.200",
    });
    const given = await Promise.all([
      printed(hundred("a", "ours", config)),
      printed(hundred("b", "ours", config)),
    ]);
    const addresses = given.flat().filter((address) => address !== "refused");
    expect([addresses.length, new Set(addresses).size]).toEqual([100, 100]);
  });
});

test("killed at any moment: every lease is whole, and DEL leaves nothing", async () => {
  const dataDir = mkdtempSync(at("data-"));
  mkdirSync(`${dataDir}/net`);
  const config = network({ dataDir, ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "2001:db8::/64" }]] });
  const code = `
    const config = ${JSON.stringify(config)};
    console.log("ready");
    for (let index = 0; ; index = (index + 1) % 3) {
      ours({ containerId: "c" + index, config });
      ours({ command: "DEL", containerId: "c" + ((index + 1) % 3), config });
    }
  `;
  for (let round = 0; round < 12; round++) {
    const child = Bun.spawn(running(code), { stdout: "pipe" });
    await child.stdout.getReader().read();
    await Bun.sleep(3 + 7 * Math.random());
    child.kill("SIGKILL");
    await child.exited;
    for (const name of leasesIn(`${dataDir}/net`)) {
      expect(readFileSync(`${dataDir}/net/${name}`, "utf8")).toMatch(/^c[0-2]\r\neth0$/);
    }
  }
  for (const index of [0, 1, 2])
    expect(ours({ command: "DEL", containerId: `c${index}`, config }).exit).toBe(0);
  expect(leasesIn(`${dataDir}/net`)).toEqual([]);
  expect(ours({ config }).exit).toBe(0);
});

needs("namespaces", "program:unshare").describe("on a file system in trouble", () => {
  /** Runs an ADD of `c2` and prints how it ended, on a tmpfs of its own that the shell commands have prepared. */
  function troubled(options: string, ...prepare: string[]) {
    const dataDir = mkdtempSync(at("data-"));
    mkdirSync(`${dataDir}/net`);
    const config = network({
      dataDir: "DATA/sub",
      ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "10.1.3.0/24" }]],
    });
    const code = `
      import { readdirSync } from "node:fs";
      const config = ${JSON.stringify(config).replace("DATA", dataDir)};
      ours({ containerId: "c1", config });
      for (const command of ${JSON.stringify(prepare)}) Bun.spawnSync(["sh", "-c", command, "${dataDir}"]);
      const before = readdirSync("${dataDir}/sub/net").sort();
      const { exit, said } = ours({ containerId: "c2", config });
      const del = ours({ command: "DEL", containerId: "c1", config });
      const status = ours({ command: "STATUS", config: { ...config, cniVersion: "1.1.0" } }).said;
      console.log(JSON.stringify({ exit, msg: said.msg, kept: readdirSync("${dataDir}/sub/net").sort(), before, del: del.exit, status }));
    `;
    const mounted = `mount -t tmpfs -o ${options} none "$0" && mkdir "$0/sub" && exec "$@"`;
    const child = Bun.spawnSync(["unshare", "--mount", "sh", "-c", mounted, dataDir, ...running(code)]);
    return JSON.parse(child.stdout.toString() || child.stderr.toString());
  }
  const without = (names: string[], ...removed: string[]) => names.filter((name) => !removed.includes(name));

  test("without a free block an ADD says ENOSPC and leaves nothing, and DEL works", () => {
    const { exit, msg, before, kept, del } = troubled(
      "size=64k",
      'dd if=/dev/zero of="$0/fill" bs=4k 2>/dev/null',
    );
    expect([exit, msg]).toEqual([1, expect.stringMatching(/create .*\/net\/10.1.2.3: ENOSPC; free space/)]);
    expect(kept).toEqual(without(before, "10.1.2.2", "10.1.3.2"));
    expect(del).toBe(0);
  });

  test("without a free inode likewise", () => {
    const { exit, msg, before, kept } = troubled(
      "nr_inodes=20",
      'i=0; while touch "$0/fill$i" 2>/dev/null; do i=$((i+1)); done',
    );
    expect([exit, msg]).toEqual([1, expect.stringContaining("ENOSPC")]);
    expect(kept).toEqual(without(before, "10.1.2.2", "10.1.3.2"));
  });

  test("when the second of two leases does not fit, the first is freed", () => {
    // Each lease takes a page and each note too: there is room for one lease more.
    const { exit, before, kept } = troubled(
      "size=64k",
      'dd if=/dev/zero of="$0/fill" bs=4k 2>/dev/null; truncate -s -4096 "$0/fill"',
    );
    expect(exit).toBe(1);
    expect(kept).toEqual(without(before, "10.1.2.2", "10.1.3.2"));
  });

  test("read-only, an ADD says EROFS and what to do, nothing changes, and STATUS warns", () => {
    const { exit, msg, before, kept, del, status } = troubled("size=64k", 'mount -o remount,bind,ro "$0"');
    expect([exit, msg]).toEqual([1, expect.stringMatching(/EROFS; make the file system writable/)]);
    expect(kept).toEqual(before);
    expect(del).toBe(1);
    expect(status).toMatchObject({ code: 50, msg: expect.stringContaining("files cannot be made there") });
  });
});

needs(`file:${goBinary}`).test(
  "what the Go program allocated is checked, kept apart and released here",
  () => {
    const dataDir = mkdtempSync(at("data-"));
    const config = network({ dataDir, subnet: "10.1.2.0/24" });
    for (let index = 0; index < 5; index++) go({ containerId: `go${index}`, config });
    expect(ours({ command: "CHECK", containerId: "go3", config }).exit).toBe(0);
    expect(ours({ containerId: "go3", config }).exit).toBe(1);
    for (let index = 0; index < 5; index++) ours({ command: "DEL", containerId: `go${index}`, config });
    expect(leasesIn(`${dataDir}/net`)).toEqual([]);
  },
);
