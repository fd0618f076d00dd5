import { describe, expect, expectTypeOf, test } from "bun:test";
import * as z from "zod";
import { checked, examined } from "../../../src/cni/config/check.ts";
import { ConfigError, type Problem } from "../../../src/cni/config/error.ts";
import { shapeOf } from "../../../src/cni/config/shape.ts";
import type { Shape } from "../../../src/cni/config/shape-types.ts";
import { shapeOfHostLocal } from "../../../src/plugins/ipam/host-local/schema.ts" with { type: "macro" };
import { shapeOfBridge } from "../../../src/plugins/main/bridge/schema.ts" with { type: "macro" };
import type { Bridge } from "../../../src/plugins/main/bridge/schema.ts";
import { shapeOfFlatnet } from "../../../src/plugins/main/flatnet/schema.ts" with { type: "macro" };

const bridge = shapeOfBridge();
const flatnet = shapeOfFlatnet();
const hostLocal = shapeOfHostLocal();

/** What is wrong with `json`, as it would be printed. */
function complaint<T>(shape: Shape<T>, json: unknown): string {
  try {
    checked(shape, json);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return "nothing is wrong";
}

describe("a checked configuration", () => {
  test("has the defaults of keys that are absent, and nothing for those without one", () => {
    const { config } = checked(flatnet, { name: "n" });
    expect(config.bridge).toBe("flatnet-br0");
    expect(config.ipMasq).toBe(true);
    expect(config.ipam).toEqual({ type: "flatnet-ipam" });
    expect("hostId" in config).toBe(false);
  });

  test("shares no default with another configuration", () => {
    const { config } = checked(flatnet, { name: "n" });
    config.ipam.type = "changed";
    expect(checked(flatnet, { name: "n" }).config.ipam.type).toBe("flatnet-ipam");
  });

  test("has the schema's spelling of keys, of two spellings the later one", () => {
    const { config } = checked(bridge, { name: "n", IsGateway: false, ISGATEWAY: true, ipmasq: true });
    expect(config).toMatchObject({ isGateway: true, ipMasq: true });
    expect(config).not.toContainAnyKeys(["IsGateway", "ISGATEWAY", "ipmasq"]);
  });

  test("takes null as absent", () => {
    expect(checked(bridge, { name: "n", mtu: null, ipam: null, ipMasqBackend: null }).config).toMatchObject({
      mtu: 0,
    });
  });

  test("takes the names of protocols in any letter case", () => {
    const portMappings = [{ hostPort: 1, containerPort: 1, protocol: "UDP" }];
    const asked = { name: "n", runtimeConfig: { portMappings } };
    expect(checked(flatnet, asked).config).toMatchObject({
      runtimeConfig: { portMappings: [{ protocol: "udp" }] },
    });
  });

  test("takes an empty text as absent where runtimes send one", () => {
    const json = {
      name: "n",
      runtimeConfig: { mac: "", portMappings: [{ hostPort: 1, containerPort: 2, hostIP: "" }] },
    };
    expect(checked(flatnet, json).config.runtimeConfig).toEqual({
      portMappings: [{ hostPort: 1, containerPort: 2, protocol: "tcp" }],
    });
  });

  test("keeps keys that the schema does not name as they are, whatever they are called", () => {
    const unknown = { constructor: 1, toString: null, "a.b": { c: [null] } };
    expect(checked(bridge, { name: "n", ...unknown }).config).toMatchObject(unknown);
  });

  test("has no prototype from the outside", () => {
    const { config } = checked(bridge, JSON.parse('{"name": "n", "__proto__": {"isGateway": true}}'));
    expect(Object.getPrototypeOf(config)).toBe(Object.prototype);
  });

  test("leaves what was given unchanged", () => {
    const given = { NAME: "n", ipam: { type: "" } };
    checked(flatnet, given);
    expect(given).toEqual({ NAME: "n", ipam: { type: "" } });
  });

  test("has the static type that the schema says, without keys that it does not name", () => {
    expectTypeOf(checked(bridge, { name: "n" }).config).toEqualTypeOf<Bridge>();
    expectTypeOf<Bridge["isGateway"]>().toEqualTypeOf<boolean>();
    expectTypeOf<Bridge["ipMasqBackend"]>().toEqualTypeOf<"iptables" | "nftables" | undefined>();
    // @ts-expect-error: the schema names no such key
    expect(checked(bridge, { name: "n" }).config.ipMsaq).toBeUndefined();
  });
});

describe("a refusal names the place, what is wanted and what was found", () => {
  const ports = (mapping: object) => ({ name: "n", runtimeConfig: { portMappings: [mapping] } });
  test.each<[name: string, complaint: string, expected: string]>([
    [
      "a number in quotes",
      complaint(bridge, { name: "n", mtu: "1500" }),
      'mtu: wanted an integer from 0 to 65535, found "1500" (remove the quotes)',
    ],
    [
      "a boolean in quotes",
      complaint(bridge, { name: "n", ipMasq: "true" }),
      'ipMasq: wanted true or false, found "true" (remove the quotes)',
    ],
    [
      "a text without quotes",
      complaint(bridge, { name: 7 }),
      "name: wanted a network name: letters, digits, _ . - and a letter or digit first, found 7 (put it in quotes)",
    ],
    [
      "a number out of range",
      complaint(bridge, { name: "n", vlan: 4095 }),
      "vlan: wanted an integer from 0 to 4094, found 4095",
    ],
    [
      "a fraction",
      complaint(flatnet, { name: "n", hostId: 1.5 }),
      "hostId: wanted an integer from 1 to 254, found 1.5",
    ],
    [
      "a word that is nearly right",
      complaint(flatnet, ports({ hostPort: 1, containerPort: 1, protocol: "TPC" })),
      'runtimeConfig.portMappings[0].protocol: wanted "tcp" or "udp" or "sctp", found "TPC" (did you mean "tcp"?)',
    ],
    [
      "a bad address deep inside",
      complaint(hostLocal, { name: "n", ipam: { ranges: [[{ subnet: "10.1.0.0" }]] } }),
      'ipam.ranges[0][0].subnet: wanted a network such as 10.1.0.0/16 or fd00::/64, found "10.1.0.0"',
    ],
    [
      "one thing where a list is wanted",
      complaint(hostLocal, { name: "n", ipam: { ranges: { subnet: "10.1.0.0/16" } } }),
      'ipam.ranges: wanted a list, found {"subnet":"10.1.0.0/16"} (put it in brackets: [ ])',
    ],
    [
      "an empty range set",
      complaint(hostLocal, { name: "n", ipam: { ranges: [[]] } }),
      "ipam.ranges[0]: wanted a list of at least 1, found []",
    ],
    ["a key that must be there", complaint(hostLocal, { name: "n" }), "ipam: missing; wanted an object"],
    [
      "a key that must be there and was mistyped",
      complaint(hostLocal, { name: "n", ipam: { ranges: [[{ subent: "10.1.0.0/16" }]] } }),
      "ipam.ranges[0][0].subnet: missing; wanted a network such as 10.1.0.0/16 or fd00::/64 " +
        '(did you mean it by "subent"?)',
    ],
    [
      "neither of two forms",
      complaint(flatnet, { name: "n", runtimeConfig: { aliases: ["a", 1] } }),
      "runtimeConfig.aliases: wanted a list of names, or an object with a list of names for each network, " +
        'found ["a",1]',
    ],
    [
      "a key with signs in it",
      complaint(bridge, { name: "n", capabilities: { "io.x/y": 1 } }),
      'capabilities["io.x/y"]: wanted true or false, found 1',
    ],
    ["something else than an object", complaint(bridge, []), "the configuration: wanted an object, found []"],
    [
      "a name with a control character, which is escaped",
      complaint(bridge, { name: "n\u0007" }),
      'name: wanted a network name: letters, digits, _ . - and a letter or digit first, found "n\\u0007"',
    ],
    [
      "two things at once",
      complaint(bridge, { name: "n", mtu: -1, vlan: "x" }),
      'mtu: wanted an integer from 0 to 65535, found -1; vlan: wanted an integer from 0 to 4094, found "x"',
    ],
  ])("%s", (_, said, expected) => expect(said).toBe(expected));

  test("a long value is cut", () => {
    expect(complaint(bridge, { name: "a/".repeat(1000) }).length).toBeLessThan(200);
  });

  test("as data", () => {
    const expected: Problem[] = [
      { path: "ipMasq", problem: 'wanted true or false, found "false"', hint: "remove the quotes" },
    ];
    expect(examined(bridge, { name: "n", ipMasq: "false" }).problems).toEqual(expected);
  });
});

describe("a configuration with faults can be examined for what is usable:", () => {
  test("faulty elements are left out of their lists, and each fault is named", () => {
    const json = { name: "n", ipam: { ranges: [[{ subnet: "10.1.0.0/16" }, { subnet: 3 }], 7] } };
    const { value, problems } = examined(hostLocal, json);
    expect(value).toMatchObject({ name: "n", ipam: { ranges: [[{ subnet: "10.1.0.0/16" }, {}]] } });
    expect(problems.map(({ path }) => path)).toEqual(["ipam.ranges[0][1].subnet", "ipam.ranges[1]"]);
  });

  test("a faulty key has its default, as if it were absent", () => {
    expect(examined(bridge, { name: "n", bridge: "a/b", mtu: "x" }).value).toMatchObject({
      bridge: "cni0",
      mtu: 0,
    });
  });
});

describe("a warning", () => {
  const warnings = (json: object) => checked(bridge, { name: "n", ...json }).warnings;

  test("is given for an unknown key that looks like an absent one", () => {
    expect(warnings({ ipMaq: true })).toEqual(['ipMaq: no such key; did you mean "ipMasq"?']);
    expect(warnings({ vlanTrunk: [{ minid: 1, maxID: 2, di: 3 }] })).toEqual([
      'vlanTrunk[0].di: no such key; did you mean "id"?',
    ]);
  });

  test("is not given when the key that it looks like is there", () => {
    expect(warnings({ ipMaq: true, ipMasq: false })).toEqual([]);
  });

  test("is not given for keys that look like nothing", () => {
    expect(warnings({ mac: "x", comment: "y", "cni.dev/attachments": [] })).toEqual([]);
  });
});

describe("a shape cannot be made", () => {
  test("of a word that the running check does not know", () => {
    expect(() => shapeOf(z.looseObject({ a: z.string().max(3) }))).toThrow('does not know "maxLength"');
  });

  test("of an object that refuses unknown keys", () => {
    expect(() => shapeOf(z.strictObject({}))).toThrow("use a loose object");
  });
});
