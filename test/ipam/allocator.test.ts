/** The order in which addresses are tried and given out, without files of other networks around. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { CniError } from "../../src/cni/error.ts";
import { addressText, readAddress } from "../../src/plugins/ipam/host-local/address.ts";
import { firstTaken, hasFree } from "../../src/plugins/ipam/host-local/allocator.ts";
import { allocate, release } from "../../src/plugins/ipam/host-local/host-local.ts";
import { readRangeSets } from "../../src/plugins/ipam/host-local/ranges.ts";
import { Store } from "../../src/plugins/ipam/host-local/store.ts";
import { scratch } from "../sys/scratch.ts";

const at = scratch();
const setOf = (...subnets: string[]) => readRangeSets({ ranges: [subnets.map((subnet) => ({ subnet }))] });
const lastByte = (text: string) => Number(text.split(".").at(-1));

/** A directory with these addresses taken and this one given out last. */
function directoryWith(taken: string[], last?: string): string {
  const directory = mkdtempSync(at("net-"));
  for (const address of taken) writeFileSync(`${directory}/${address}`, `other\r\neth0`);
  if (last !== undefined) writeFileSync(`${directory}/last_reserved_ip.0`, last);
  return directory;
}

const me = { containerID: "c1", ifname: "eth0" };
const next = (directory: string, subnets: string[]) =>
  allocate(directory, setOf(...subnets), me, [])[0]?.address.split("/")[0];

describe("candidates of 192.168.1.0/29, whose gateway is .1", () => {
  const tried = (last?: string) => {
    const order: unknown[] = [];
    firstTaken(setOf("192.168.1.0/29")[0]!, last === undefined ? undefined : readAddress(last), (address) => {
      order.push(lastByte(addressText(address)));
      return false;
    });
    return order;
  };
  test.each([
    [undefined, [2, 3, 4, 5, 6]],
    ["192.168.1.1", [2, 3, 4, 5, 6]],
    ["192.168.1.6", [2, 3, 4, 5, 6]],
    ["192.168.1.3", [4, 5, 6, 2, 3]],
    ["10.0.0.3", [2, 3, 4, 5, 6]],
  ])("after %p", (last, order) => expect(tried(last)).toEqual(order));
});

describe("the next address", () => {
  const slash29 = ["10.0.0.0/29"];
  const two = ["10.0.1.0/30", "10.0.2.0/30"];
  const three = [...two, "10.0.3.0/30"];
  test.each<[string, string[], string[], string | undefined, string]>([
    ["of an empty range", slash29, [], undefined, "10.0.0.2"],
    ["is not one that is taken", slash29, ["10.0.0.2"], undefined, "10.0.0.3"],
    ["comes after the last", slash29, [], "10.0.0.5", "10.0.0.6"],
    ["comes after the taken ones after the last", slash29, ["10.0.0.4", "10.0.0.5"], "10.0.0.3", "10.0.0.6"],
    ["starts again at the end", slash29, ["10.0.0.6"], "10.0.0.5", "10.0.0.2"],
    ["starts again after the very last", slash29, [], "10.0.0.6", "10.0.0.2"],
    ["starts at the beginning after one from elsewhere", slash29, ["10.0.0.2"], "10.0.5.5", "10.0.0.3"],
    [
      "is the last one when it alone is free",
      slash29,
      ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.6"],
      "10.0.0.5",
      "10.0.0.5",
    ],
    ["of two ranges is in the first", two, [], undefined, "10.0.1.2"],
    ["goes on in the second range", two, ["10.0.1.2"], "10.0.1.2", "10.0.2.2"],
    ["goes from the third range to the first", three, [], "10.0.3.2", "10.0.1.2"],
    ["passes over an unreadable note", slash29, [], "10.0.0.", "10.0.0.2"],
    ["passes over an empty note", slash29, [], "", "10.0.0.2"],
  ])("%s", (_, subnets, taken, last, expected) => {
    expect(next(directoryWith(taken, last), subnets)).toBe(expected);
  });

  test("is another one after a release", () => {
    const directory = directoryWith([]);
    expect(next(directory, slash29)).toBe("10.0.0.2");
    release(directory, me);
    expect(next(directory, slash29)).toBe("10.0.0.3");
  });
  test("of IPv6 is found in a subnet of 2^64", () => {
    expect(next(directoryWith(["2001:db8::2"]), ["2001:db8::/64"])).toBe("2001:db8::3");
  });
});

describe("a full set", () => {
  test.each([
    [["192.168.1.0/30"], 1, "192.168.1.1-192.168.1.2"],
    [["192.168.1.0/29"], 5, "192.168.1.1-192.168.1.6"],
    [["192.168.1.0/30", "192.168.2.0/30"], 2, "192.168.1.1-192.168.1.2,192.168.2.1-192.168.2.2"],
  ])(
    "%p gives %d addresses, never network, gateway or broadcast, and then names itself",
    (subnets, count, text) => {
      const directory = directoryWith([]);
      const sets = setOf(...subnets);
      const given: string[] = [];
      for (let index = 0; index < count; index++) {
        expect(hasFree(new Store(directory), sets[0]!)).toBe(true);
        given.push(allocate(directory, sets, { containerID: `c${index}`, ifname: "eth0" }, [])[0]!.address);
      }
      expect(new Set(given).size).toBe(count);
      expect(hasFree(new Store(directory), sets[0]!)).toBe(false);
      const before = readdirSync(directory).sort();
      expect(() => allocate(directory, sets, { containerID: "late", ifname: "eth0" }, [])).toThrow(
        `allocate an address of range set 0 (${text}): all addresses are taken`,
      );
      expect(readdirSync(directory).sort()).toEqual(before);
    },
  );
});

describe("several sets: all or nothing", () => {
  const sets = readRangeSets({ ranges: [[{ subnet: "10.0.0.0/29" }], [{ subnet: "10.0.1.0/30" }]] });
  test("one address of each, each with its own note", () => {
    const directory = directoryWith([]);
    expect(allocate(directory, sets, me, []).map(({ address }) => address)).toEqual([
      "10.0.0.2/29",
      "10.0.1.2/30",
    ]);
    expect(readFileSync(`${directory}/last_reserved_ip.0`, "utf8")).toBe("10.0.0.2");
    expect(readFileSync(`${directory}/last_reserved_ip.1`, "utf8")).toBe("10.0.1.2");
  });
  test("when the second has none, the first is freed", () => {
    const directory = directoryWith(["10.0.1.2"]);
    expect(() => allocate(directory, sets, me, [])).toThrow("range set 1");
    expect(readdirSync(directory).filter((name) => name.startsWith("10."))).toEqual(["10.0.1.2"]);
  });
});

describe("requested addresses", () => {
  const sets = readRangeSets({ ranges: [[{ subnet: "10.0.0.0/29" }], [{ subnet: "10.0.1.0/29" }]] });
  const ask = (directory: string, ...texts: string[]) =>
    allocate(directory, sets, me, texts.map(readAddress)).map(({ address }) => address);
  const refusal = (directory: string, ...texts: string[]) => {
    try {
      ask(directory, ...texts);
    } catch (error) {
      if (error instanceof CniError) return error.message;
      throw error;
    }
    return "nothing was refused";
  };
  test("are taken from their sets, the others are chosen", () => {
    expect(ask(directoryWith([]), "10.0.1.5")).toEqual(["10.0.0.2/29", "10.0.1.5/29"]);
    expect(ask(directoryWith([]), "10.0.1.5", "10.0.0.6")).toEqual(["10.0.0.6/29", "10.0.1.5/29"]);
  });
  test.each([
    ["the gateway's", ["10.0.0.1"], [], "the requested 10.0.0.1 is the gateway's"],
    [
      "held by another",
      ["10.0.0.5"],
      ["10.0.0.5"],
      "the requested 10.0.0.5 is held by eth0 of container other",
    ],
    ["of no set", ["10.0.2.5"], [], "allocate the requested 10.0.2.5: no range set has room for it"],
    ["two of one set", ["10.0.0.5", "10.0.0.6"], [], "allocate the requested 10.0.0.6"],
    ["the network's own", ["10.0.0.0"], [], "allocate the requested 10.0.0.0"],
  ])("refused, and nothing is kept: %s", (_, asked, taken, message) => {
    const directory = directoryWith(taken);
    expect(refusal(directory, ...asked)).toContain(message);
    expect(readdirSync(directory).filter((name) => name.startsWith("10."))).toEqual(taken);
  });
});
