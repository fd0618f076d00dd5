/** host-local as a runtime sees it, where the Go program does less or says less. */
import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { codes } from "../../src/cni/error.ts";
import { rangesPlugin } from "../../src/plugins/ipam/host-local/plugin.ts";
import { needs } from "../needs.ts";
import { scratch } from "../sys/scratch.ts";
import { addresses, network, ours } from "./implementations.ts";

const at = scratch();

/** A new data directory, and configurations of the network `net` in it. */
function place(files: Record<string, string> = {}) {
  const dataDir = mkdtempSync(at("data-"));
  if (Object.keys(files).length > 0) mkdirSync(`${dataDir}/net`);
  for (const [name, text] of Object.entries(files)) writeFileSync(`${dataDir}/net/${name}`, text);
  return {
    dataDir,
    config: (ipam: object = { subnet: "10.1.2.0/29" }, more: object = {}) =>
      network({ dataDir, ...ipam }, more),
    names: () => readdirSync(`${dataDir}/net`).sort(),
    leases: () =>
      readdirSync(`${dataDir}/net`)
        .filter((name) => /^[0-9]/.test(name))
        .sort(),
  };
}

describe("files", () => {
  test("have the modes that keep them from other users", () => {
    const { dataDir, config } = place();
    expect(addresses(ours({ config: config() }))).toEqual(["10.1.2.2/29"]);
    const mode = (name: string) => statSync(`${dataDir}/net/${name}`).mode & 0o777;
    expect(mode("")).toBe(0o755);
    expect(["10.1.2.2", "last_reserved_ip.0", "lock"].map(mode)).toEqual([0o600, 0o600, 0o750]);
  });
  test("are not made by DEL, CHECK, GC and STATUS of a network that has none", () => {
    const { dataDir, config } = place();
    const exit = (command: string, more: object = {}) =>
      ours({ command, config: config(undefined, more) }).exit;
    expect([exit("DEL"), exit("CHECK")]).toEqual([0, 1]);
    const versioned = { cniVersion: "1.1.0", "cni.dev/valid-attachments": [] };
    expect([exit("GC", versioned), exit("STATUS", versioned)]).toEqual([0, 0]);
    expect(readdirSync(dataDir)).toEqual([]);
  });
  test("of other kinds in the directory disturb nobody", () => {
    const { dataDir, config, leases } = place({ "10.1.2.3": "c9\r\neth0" });
    mkdirSync(`${dataDir}/net/10.1.2.2`);
    symlinkSync("/nowhere", `${dataDir}/net/10.1.2.4`);
    symlinkSync("/dev/zero", `${dataDir}/net/zero`);
    Bun.spawnSync(["mkfifo", `${dataDir}/net/pipe`]);
    expect(addresses(ours({ config: config() }))).toEqual(["10.1.2.5/29"]);
    expect(ours({ command: "DEL", config: config() }).exit).toBe(0);
    expect(leases()).toEqual(["10.1.2.2", "10.1.2.3", "10.1.2.4"]);
  });
  test("of a container whose id looks like an address are told from notes", () => {
    const { config, names } = place();
    const call = { containerId: "10.1.2.2", config: config() };
    ours(call);
    ours({ ...call, command: "DEL" });
    ours({ ...call, command: "DEL" });
    expect(names()).toEqual(["last_reserved_ip.0", "lock"]);
  });
  test("belong to an interface whose name is not ASCII", () => {
    const { config, leases } = place();
    const call = { ifname: "nà", config: config() };
    expect(addresses(ours(call))).toEqual(["10.1.2.2/29"]);
    expect(ours(call).exit).toBe(1);
    expect(ours({ ...call, command: "DEL" }).exit).toBe(0);
    expect(leases()).toEqual([]);
  });
});

describe("a network's name that would lead out of dataDir is refused by every command: code 7", () => {
  test.each(["..", "../etc", "a/b", ".", "/etc", "a\0b", ""])("%j", (name) => {
    const { dataDir, config } = place();
    for (const command of ["ADD", "DEL", "CHECK"]) {
      const { exit, said } = ours({ command, config: { ...config(), name } });
      expect([exit, said.code]).toEqual([1, codes.invalidConfig]);
    }
    expect(readdirSync(dataDir)).toEqual([]);
  });
});

describe("DEL", () => {
  const broken: Record<string, object> = {
    "ranges with mistakes": { subnet: "10.1.2.1/24", rangeStart: "10.9.9.9" },
    "no ranges any more": {},
    "ranges of the wrong type": { ranges: "10.1.2.0/24", subnet: 5, resolvConf: [], routes: {} },
  };
  test.each(Object.entries(broken))("needs no valid ranges: %s", (_, ipam) => {
    const { config, leases } = place({ "10.1.2.4": "c1\r\neth0", "10.1.2.5": "c2\r\neth0" });
    expect(ours({ command: "DEL", config: config(ipam) }).exit).toBe(0);
    expect(leases()).toEqual(["10.1.2.5"]);
  });
  test("without `ipam`, with which no ADD can have worked, is done", () => {
    expect(ours({ command: "DEL", config: { cniVersion: "1.0.0", name: "net" } })).toMatchObject({ exit: 0 });
  });
  test("removes what a killed ADD left unfinished", () => {
    const { config, names } = place({
      ".unfinished-0011223344556677": "c1\r\neth0",
      "10.1.2.4": "c1\r\neth0",
    });
    ours({ command: "DEL", config: config() });
    expect(names()).toEqual(["lock"]);
  });
});

describe("GC", () => {
  const gc = (config: object, valid: [string, string][]) =>
    ours({
      command: "GC",
      config: {
        ...config,
        cniVersion: "1.1.0",
        "cni.dev/valid-attachments": valid.map(([containerID, ifname]) => ({ containerID, ifname })),
      },
    }).exit;
  test("frees what belongs to no valid attachment, in this network only", () => {
    const { dataDir, config, names } = place({
      "10.1.2.2": "a\r\neth0",
      "10.1.2.3": "a\r\nnet1",
      "10.1.2.4": "b\r\neth0\n",
      "10.1.2.5": "c\r\neth0",
      "2001:db8::5": "c\r\neth0",
      ".unfinished-0011223344556677": "",
      "last_reserved_ip.0": "10.1.2.5",
    });
    mkdirSync(`${dataDir}/other`);
    writeFileSync(`${dataDir}/other/10.1.2.2`, "c\r\neth0");
    expect(
      gc(config(), [
        ["a", "eth0"],
        ["b", "eth0"],
      ]),
    ).toBe(0);
    expect(names()).toEqual(["10.1.2.2", "10.1.2.4", "last_reserved_ip.0", "lock"]);
    expect(readdirSync(`${dataDir}/other`)).toEqual(["10.1.2.2"]);
  });
  test("leaves files alone that say no container and interface: somebody keeps these addresses out of use", () => {
    const { config, leases } = place({ "10.1.2.2": "", "10.1.2.3": "printer", "10.1.2.4": "two words" });
    expect(gc(config(), [])).toBe(0);
    expect(leases()).toEqual(["10.1.2.2", "10.1.2.3", "10.1.2.4"]);
  });
  test("works with ranges that have become invalid", () => {
    const { config, leases } = place({ "10.1.2.2": "a\r\neth0" });
    expect(gc(config({ subnet: "nonsense" }), [])).toBe(0);
    expect(leases()).toEqual([]);
  });
});

describe("STATUS", () => {
  const status = (config: object) =>
    ours({ command: "STATUS", config: { ...config, cniVersion: "1.1.0" } }).said;
  test("says nothing when an ADD would find an address", () => {
    expect(status(place({ "10.1.2.2": "a\r\neth0" }).config())).toEqual({});
  });
  test("says which range set is used up: code 50", () => {
    const { config } = place({ "10.1.3.2": "a\r\neth0" });
    const said = status(config({ ranges: [[{ subnet: "10.1.2.0/30" }], [{ subnet: "10.1.3.0/30" }]] }));
    expect(said.code).toBe(codes.notAvailable);
    expect(said.msg).toBe(
      "allocate an address of range set 1 (10.1.3.1-10.1.3.2): all addresses are taken: 1 of 1 by containers; " +
        "remove containers, let the runtime call GC, or widen the range",
    );
  });
  test("counts the addresses that are kept out of use", () => {
    const files = { "10.1.2.2": "a\r\neth0", "10.1.2.3": "printer", "10.1.2.4": "", "10.1.2.9": "b\r\neth0" };
    const { config } = place(files);
    const range = { subnet: "10.1.2.0/24", rangeStart: "10.1.2.1", rangeEnd: "10.1.2.4" };
    expect(status(config(range)).msg).toContain(
      "all addresses are taken: 1 of 3 by containers, 2 by files that name none; ",
    );
  });
  test("says that a range without an address but the gateway's has none: code 50", () => {
    const { config } = place();
    const range = { subnet: "10.1.2.0/24", rangeStart: "10.1.2.1", rangeEnd: "10.1.2.1" };
    expect(status(config(range))).toMatchObject({
      code: 50,
      msg: expect.stringContaining("0 of 0 by containers"),
    });
  });
  test("says that the directory is no directory: code 50", () => {
    const { dataDir, config } = place();
    writeFileSync(`${dataDir}/net`, "");
    expect(status(config())).toMatchObject({
      code: codes.notAvailable,
      msg: expect.stringContaining(`${dataDir}/net`),
    });
  });
});

describe("a refusal says what is wrong and what to do", () => {
  const said = (config: object, args = "") => ours({ config, args }).said;
  test("a wrong range: code 7 and its path", () => {
    expect(said(place().config({ ranges: [[{ subnet: "10.1.2.3/24" }]] }))).toMatchObject({
      code: codes.invalidConfig,
      msg: expect.stringContaining(
        "ipam.ranges[0][0].subnet: 10.1.2.3/24 has bits set after its prefix (write 10.1.2.0/24)",
      ),
    });
  });
  test("two sets of a family before 0.3.0: code 7", () => {
    const config = place().config({ ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "10.1.3.0/24" }]] });
    expect(said({ ...config, cniVersion: "0.2.0" })).toMatchObject({
      code: codes.invalidConfig,
      msg: expect.stringContaining("more than one range set of IPv4 does not go with cniVersion 0.2.0"),
    });
  });
  test("an address in CNI_ARGS that is none: code 4", () => {
    expect(said(place().config(), "IP=10.1.2")).toMatchObject({
      code: codes.invalidEnvironment,
      msg: expect.stringContaining('IP is "10.1.2"'),
    });
  });
  test("a resolver file that is not there", () => {
    const { dataDir, config } = place();
    expect(said(config({ subnet: "10.1.2.0/24", resolvConf: "/no/such" }))).toMatchObject({
      code: codes.failed,
      msg: expect.stringContaining("read /no/such: ENOENT"),
    });
    expect(readdirSync(dataDir)).toEqual([]);
  });
  test("a second ADD", () => {
    const { config } = place();
    ours({ config: config() });
    expect(said(config()).msg).toContain(
      "eth0 of container c1 already holds 10.1.2.2; call DEL before another ADD",
    );
  });
  test("CHECK of an attachment without a lease", () => {
    const { config } = place();
    expect(ours({ command: "CHECK", config: config() }).said.msg).toContain("there is no lease of it in");
  });
});

test("CHECK names the addresses of the result that are not leased, as far as the ranges have them", () => {
  const { config } = place({ "10.1.2.2": "c1\r\neth0", "10.1.2.3": "c2\r\neth0" });
  const said = (...given: string[]) => {
    const ips = given.map((address) => ({ address }));
    const prevResult = { cniVersion: "1.0.0", ips };
    return ours({ command: "CHECK", config: config(undefined, { prevResult }) }).said.msg ?? "";
  };
  expect(said("10.1.2.2/29", "10.9.9.9/8")).toBe("");
  expect(said("10.1.2.2/29", "10.1.2.3/29", "10.1.2.4/29")).toContain(
    "no lease of it for 10.1.2.3, 10.1.2.4 in",
  );
});

test("a first ADD says nothing on stderr", () => {
  expect(ours({ config: place().config() }).stderr).toBe("");
});

test("the MAC that the delegating plugin reads from CNI_ARGS is passed over", () => {
  const { config } = place();
  expect(addresses(ours({ config: config(), args: "MAC=02:00:00:00:00:01;IP=10.1.2.4" }))).toEqual([
    "10.1.2.4/29",
  ]);
});

test("the plugin can have another name", () => {
  expect(rangesPlugin("flatnet-ipam").name).toBe("flatnet-ipam");
});

needs("program:setpriv", "root").test("a user who may not write there is told which directory it is", () => {
  const { dataDir, config } = place();
  const code = `
    import { ours } from "${import.meta.dir}/implementations.ts";
    console.log(JSON.stringify(ours({ config: ${JSON.stringify(config())} }).said));
  `;
  Bun.spawnSync(["chmod", "755", at(), dataDir]);
  const child = Bun.spawnSync(["setpriv", "--reuid=65534", "--clear-groups", process.execPath, "-e", code]);
  expect(JSON.parse(child.stdout.toString()).msg).toContain(`make the directory ${dataDir}/net: EACCES`);
});
