/** What becomes of leases that are said to be dead, and which of them can be said so of. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { readAddress } from "../../src/plugins/ipam/host-local/address.ts";
import { allocate, collect, status } from "../../src/plugins/ipam/host-local/host-local.ts";
import { readRangeSets } from "../../src/plugins/ipam/host-local/ranges.ts";
import type { IsDead, Lease } from "../../src/plugins/ipam/host-local/reclaim.ts";
import { scratch } from "../sys/scratch.ts";

const at = scratch();
const sets = readRangeSets({ single: { subnet: "10.1.2.0/29", rangeEnd: "10.1.2.4" } });
const me = { containerID: "me", ifname: "eth0" };

function place(files: Readonly<Record<string, string>>) {
  const directory = mkdtempSync(at("net-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(`${directory}/${name}`, text);
  const addresses = () =>
    readdirSync(directory)
      .filter((name) => name.startsWith("10."))
      .sort();
  return { directory, addresses };
}

const full = { "10.1.2.2": "a\r\neth0", "10.1.2.3": "b\r\neth0", "10.1.2.4": "b\r\nnet1" };
const isOf =
  (...ids: string[]): IsDead =>
  ({ holder }) =>
    ids.includes(holder?.containerID ?? "");

describe("an ADD", () => {
  const add = (directory: string, isDead?: IsDead, ...asked: string[]) =>
    allocate(directory, sets, me, asked.map(readAddress), isDead)[0]!.address;

  test("takes a dead lease when the range is used up, and frees all that are dead", () => {
    const { directory, addresses } = place({ ...full, "last_reserved_ip.0": "10.1.2.3" });
    expect(add(directory, isOf("b"))).toBe("10.1.2.4/29");
    expect(addresses()).toEqual(["10.1.2.2", "10.1.2.4"]);
  });
  test("asks about no lease as long as an address is free", () => {
    const { directory } = place({ "10.1.2.2": "a\r\neth0", "10.1.2.3": "b\r\neth0" });
    const isDead = () => {
      throw new Error("asked");
    };
    expect(add(directory, isDead)).toBe("10.1.2.4/29");
  });
  test("frees nothing when another range is used up, and nothing outside the range", () => {
    const { directory, addresses } = place({ ...full, "10.1.2.5": "b\r\neth1", "10.9.9.9": "b\r\neth2" });
    add(directory, isOf("b"));
    expect(addresses()).toContainValues(["10.1.2.2", "10.1.2.5", "10.9.9.9"]);
  });
  test("is refused with numbers when all live", () => {
    const { directory, addresses } = place(full);
    expect(() => add(directory, isOf("c"))).toThrow("all addresses are taken: 3 of 3 by containers; ");
    expect(addresses()).toEqual(Object.keys(full));
  });
  test("takes the dead lease that it asks for, and no live one", () => {
    const { directory, addresses } = place(full);
    expect(add(directory, isOf("b"), "10.1.2.3")).toBe("10.1.2.3/29");
    expect(() => add(directory, isOf("b"), "10.1.2.2")).toThrow("held by eth0 of container a");
    expect(addresses()).toEqual(Object.keys(full));
  });
  test("of a container that has a lease of a former life does not stumble over it", () => {
    const { directory, addresses } = place({ "10.1.2.2": "me\r\neth0", "10.1.2.3": "me\r\nnet1" });
    expect(() => add(directory)).toThrow("already holds 10.1.2.2");
    expect(add(directory, isOf("me"))).toBe("10.1.2.2/29");
    expect(addresses()).toEqual(["10.1.2.2", "10.1.2.3"]);
  });
  test("that fails in a later set does not bring the dead back, and keeps nothing itself", () => {
    const { directory, addresses } = place({ ...full, "10.1.3.2": "a\r\neth0" });
    const two = [...sets, ...readRangeSets({ single: { subnet: "10.1.3.0/30" } })];
    expect(() => allocate(directory, two, me, [], isOf("b"))).toThrow("range set 1");
    expect(addresses()).toEqual(["10.1.2.2", "10.1.3.2"]);
  });
});

describe("what is asked about a lease", () => {
  /** What each file that keeps the range from having room says. */
  function asked(files: Readonly<Record<string, string>>): Record<string, Omit<Lease, "changed">> {
    const { directory } = place(files);
    const found: [string, Omit<Lease, "changed">][] = [];
    const isDead: IsDead = ({ changed, ...lease }) => {
      expect(Date.now() - changed).toBeWithin(-50, 10_000);
      found.push([`${found.length}`, lease]);
      return false;
    };
    expect(() => allocate(directory, sets, me, [], isDead)).toThrow("all addresses");
    return Object.fromEntries(found);
  }
  test("is who holds it, when it says container and interface", () => {
    const lease = { holder: { containerID: "a", ifname: "eth0" }, isEmpty: false };
    const nobody = { holder: undefined, isEmpty: false };
    const said = Object.values(
      asked({ "10.1.2.2": "a\r\neth0\r\n", "10.1.2.3": "printer", "10.1.2.4": "a\neth0" }),
    );
    expect(said).toContainEqual(lease);
    expect(said.filter((each) => Bun.deepEquals(each, nobody))).toHaveLength(2);
  });
  test("is whether anything is in it: a power failure can leave zeros", () => {
    const said = Object.values(asked({ "10.1.2.2": "", "10.1.2.3": "\0\0\0\0", "10.1.2.4": "\n" }));
    expect(said).toEqual(Array(3).fill({ holder: undefined, isEmpty: true }));
  });
});

describe("GC", () => {
  const valid = [{ containerID: "a", ifname: "eth0" }];
  test("frees empty files that are dead, not words, and not what is valid", () => {
    const { directory, addresses } = place({ ...full, "10.1.2.5": "", "10.1.2.6": "printer" });
    collect(directory, valid, ({ isEmpty }) => isEmpty);
    expect(addresses()).toEqual(["10.1.2.2", "10.1.2.6"]);
  });
  test("leaves empty files alone of which nothing is known", () => {
    const { directory, addresses } = place({ "10.1.2.5": "" });
    collect(directory, valid);
    expect(addresses()).toEqual(["10.1.2.5"]);
  });
});

test("STATUS is content with a range in which an ADD would find a dead lease, and frees none", () => {
  const { directory, addresses } = place(full);
  status(directory, sets, isOf("b"));
  expect(() => status(directory, sets, isOf("c"))).toThrow("3 of 3 by containers");
  expect(addresses()).toEqual(Object.keys(full));
});
