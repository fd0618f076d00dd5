/** The environment: which variable each command needs, and which values are refused. */
import { describe, expect, test } from "bun:test";
import { readEnvironment } from "../../src/cni/environment.ts";
import { CniError } from "../../src/cni/error.ts";
import { checkNetworkName } from "../../src/cni/names.ts";
import { attachment, thrownBy } from "./stage.ts";

/** The table of the specification (cni SPEC.md, "Parameters"), with CNI_PATH needed as the reference does. */
const required: Record<string, string[]> = {
  ADD: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"],
  DEL: ["CNI_CONTAINERID", "CNI_IFNAME", "CNI_PATH"],
  CHECK: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"],
  GC: ["CNI_PATH"],
  STATUS: ["CNI_PATH"],
  VERSION: [],
};

const cases = Object.keys(required).flatMap((command) =>
  Object.keys(attachment).map((name) => [command, name] as const),
);

describe("a variable is needed where the specification says so", () => {
  test.each(cases)("%s without %s", (command, name) => {
    const { [name]: _, ...others } = { CNI_COMMAND: command, ...attachment } as Record<string, string>;
    const thrown = thrownBy(() => readEnvironment(others));
    if (required[command]?.includes(name)) {
      expect(thrown).toMatchObject({ code: 4, msg: expect.stringContaining(name) });
    } else expect(thrown).toBeUndefined();
  });

  test("all that are missing are named together, in order", () => {
    expect(thrownBy(() => readEnvironment({ CNI_COMMAND: "ADD", CNI_IFNAME: "eth0" }))).toMatchObject({
      code: 4,
      msg: expect.stringContaining("CNI_CONTAINERID,CNI_NETNS,CNI_PATH"),
    });
  });

  test("a variable set to nothing is missing", () => {
    const variables = { CNI_COMMAND: "ADD", ...attachment, CNI_NETNS: "" };
    expect(thrownBy(() => readEnvironment(variables))).toMatchObject({
      msg: expect.stringContaining("CNI_NETNS"),
    });
  });

  test("an invalid value is reported before missing ones", () => {
    expect(thrownBy(() => readEnvironment({ CNI_COMMAND: "ADD", CNI_CONTAINERID: "-a" }))).toMatchObject({
      code: 4,
      msg: expect.not.stringContaining("CNI_PATH"),
      details: "-a",
    });
  });
});

describe("names that are refused with code 4", () => {
  test.each(["-leading", ".hidden", "a/b", "../../etc", "a b", "a\n", "ä", "a\u0000"])(
    "container id %p",
    (id) => {
      const variables = { CNI_COMMAND: "DEL", ...attachment, CNI_CONTAINERID: id };
      expect(thrownBy(() => readEnvironment(variables))).toMatchObject({ code: 4, details: id });
    },
  );

  test.each([
    ...[".", "..", "a/b", "a:b", "a b", "a\tb", "a\u00a0b", "a\u0085b", "a\u2003b", "a\u0001b"],
    ...["sixteen-bytes-xx", "äöüäöüäö"],
  ])("interface name %p", (ifname) => {
    const variables = { CNI_COMMAND: "ADD", ...attachment, CNI_IFNAME: ifname };
    expect(thrownBy(() => readEnvironment(variables))).toMatchObject({ code: 4, details: ifname });
  });

  test.each(["fifteen-bytes-x", "eth0.100", "äöüäöüä", "-", "a@b"])("interface name %p is fine", (ifname) => {
    expect(readEnvironment({ CNI_COMMAND: "ADD", ...attachment, CNI_IFNAME: ifname }).ifname).toBe(ifname);
  });

  test("a container id may have 1024 characters and no more", () => {
    const read = (id: string) => readEnvironment({ CNI_COMMAND: "ADD", ...attachment, CNI_CONTAINERID: id });
    const id = "a".repeat(1024);
    expect(read(id).containerId).toBe(id);
    expect(thrownBy(() => read(`${id}a`))).toMatchObject({ code: 4 });
  });

  test("commands without an attachment do not look at its variables", () => {
    expect(readEnvironment({ CNI_COMMAND: "GC", CNI_PATH: "/x", CNI_IFNAME: "a b" }).ifname).toBe("a b");
  });
});

describe("network names are refused with code 7", () => {
  test.each(["te/st", "", ".x", "a b", "..", "a\n"])("%p", (name) => {
    expect(thrownBy(() => checkNetworkName(name))).toMatchObject({ code: 7, details: name || undefined });
  });
});

describe("what the values say", () => {
  const read = (variables: Record<string, string>) =>
    readEnvironment({ CNI_COMMAND: "ADD", ...attachment, ...variables });

  test.each([
    ["TRUE", true],
    ["true", true],
    ["tRuE", true],
    ["1", true],
    ["0", false],
    ["yes", false],
    ["", false],
  ])("CNI_NETNS_OVERRIDE=%s", (value, override) => {
    expect(read({ CNI_NETNS_OVERRIDE: value }).override).toBe(override);
  });

  test("CNI_PATH is a list in which empty elements, the working directory, do not count", () => {
    expect(read({ CNI_PATH: "/a::/b:" }).path).toEqual(["/a", "/b"]);
  });

  test("errors are CniErrors", () => {
    expect(thrownBy(() => readEnvironment({}))).toBeInstanceOf(CniError);
  });
});
