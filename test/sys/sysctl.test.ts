import { beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { readSysctl, setSysctl } from "../../src/sys/sysctl.ts";
import { needs } from "../needs.ts";
import { program } from "./scratch.ts";

describe("a kernel setting", () => {
  test("is read without the end of its line", () => {
    expect(`${readSysctl("kernel/ostype")}\n`).toBe(readFileSync("/proc/sys/kernel/ostype", "utf8"));
  });
  test("that has the value already is not written, not even where that would fail", () => {
    // Nobody may write this one: EACCES.
    expect(setSysctl("kernel/ostype", "Linux")).toEqual({ previous: "Linux", changed: false });
    expect(() => setSysctl("kernel/ostype", "Other")).toThrow("write /proc/sys/kernel/ostype: EACCES");
  });
  test("of several values is compared value by value", () => {
    const value = readSysctl("net/ipv4/ip_local_port_range");
    expect(value).toContain("\t");
    expect(setSysctl("net/ipv4/ip_local_port_range", value.replace("\t", " ")).changed).toBe(false);
  });
  test("that this kernel does not have is an error that names it", () => {
    expect(() => readSysctl("net/ipv4/no_such")).toThrow("read /proc/sys/net/ipv4/no_such: ENOENT");
  });
  test.each([
    "../kernel/ostype",
    "net/../../version",
    "/net/ipv4/ip_forward",
    "net//ipv4",
    "net/./ipv4",
    "",
    "net/",
    "net/ipv4/ip_forward\0",
  ])("%j is refused", (key) => {
    expect(() => readSysctl(key)).toThrow("EINVAL");
    expect(() => setSysctl(key, "1")).toThrow("EINVAL");
  });
});

needs("namespaces", "program:unshare").describe("in a network namespace of its own", () => {
  let printed: string;
  beforeAll(() => {
    const code = program(`
      import { readSysctl, setSysctl } from "SRC/sys/sysctl.ts";
      const key = "net/ipv4/conf/lo/arp_notify";
      console.log(JSON.stringify([setSysctl(key, "1"), readSysctl(key), setSysctl(key, "0"), readSysctl(key)]));
    `);
    printed = Bun.spawnSync(["unshare", "--net", ...code]).stdout.toString();
  });
  test("a setting is changed, and what it was is told", () => {
    expect(JSON.parse(printed)).toEqual([
      { previous: "0", changed: true },
      "1",
      { previous: "1", changed: true },
      "0",
    ]);
  });
});
