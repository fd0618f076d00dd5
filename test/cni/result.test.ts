/** Results: the shape of each version, what converting keeps and drops, and what cannot be read. */
import { describe, expect, test } from "bun:test";
import { parsePrevResult, parseResult, printResult, type Result, resultFor } from "../../src/cni/result.ts";
import { thrownBy } from "./stage.ts";

/** One of everything. */
const full: Result = {
  interfaces: [
    { name: "br0", mac: "02:00:00:00:00:01" },
    {
      name: "eth0",
      mac: "02:00:00:00:00:02",
      mtu: 1400,
      sandbox: "/run/netns/blue",
      socketPath: "/run/vhost.sock",
      pciID: "0000:00:1f.6",
    },
  ],
  ips: [
    { interface: 1, address: "10.1.2.3/24", gateway: "10.1.2.1" },
    { interface: 0, address: "2001:db8::5/64", gateway: "2001:db8::1" },
    { address: "10.1.3.3/24" },
  ],
  routes: [
    { dst: "0.0.0.0/0", gw: "10.1.2.1", mtu: 1300, advmss: 1260, priority: 5, table: 0, scope: 0 },
    { dst: "::/0" },
  ],
  dns: { nameservers: ["10.1.2.1"], domain: "example.org", search: ["example.org"], options: ["ndots:2"] },
};

const asRead = (result: unknown, version: string): Result =>
  parseResult(JSON.parse(JSON.stringify(result)), version);

describe("the shape of each version", () => {
  test.each(["0.1.0", "0.2.0"])("%s has one address of each family with its routes", (version) => {
    expect(resultFor(version, full)).toEqual({
      cniVersion: version,
      ip4: { ip: "10.1.2.3/24", gateway: "10.1.2.1", routes: [{ dst: "0.0.0.0/0", gw: "10.1.2.1" }] },
      ip6: { ip: "2001:db8::5/64", gateway: "2001:db8::1", routes: [{ dst: "::/0" }] },
      dns: full.dns,
    });
  });

  test.each(["0.3.0", "0.3.1", "0.4.0"])("%s says the version of each address", (version) => {
    expect(resultFor(version, full)).toEqual({
      cniVersion: version,
      interfaces: [
        { name: "br0", mac: "02:00:00:00:00:01" },
        { name: "eth0", mac: "02:00:00:00:00:02", sandbox: "/run/netns/blue" },
      ],
      ips: [
        { version: "4", interface: 1, address: "10.1.2.3/24", gateway: "10.1.2.1" },
        { version: "6", interface: 0, address: "2001:db8::5/64", gateway: "2001:db8::1" },
        { version: "4", address: "10.1.3.3/24" },
      ],
      routes: full.routes,
      dns: full.dns,
    });
  });

  test.each(["1.0.0", "1.1.0"])("%s keeps everything", (version) => {
    expect(resultFor(version, full)).toEqual({ cniVersion: version, ...full });
  });

  test("an empty version is 0.1.0", () => {
    expect(resultFor("", full)).toMatchObject({ cniVersion: "0.1.0", ip4: { ip: "10.1.2.3/24" } });
  });

  test("a version that does not exist is refused", () => {
    expect(thrownBy(() => resultFor("0.5.0", full))).toMatchObject({ code: 6 });
  });
});

describe("what is empty is left out", () => {
  const bare: Result = { interfaces: [], ips: [{ address: "10.0.0.2/8" }], routes: [], dns: {} };

  test.each<[string, object]>([
    ["0.2.0", { ip4: { ip: "10.0.0.2/8" }, dns: {} }],
    ["0.4.0", { ips: [{ version: "4", address: "10.0.0.2/8" }], dns: {} }],
    ["1.1.0", { ips: [{ address: "10.0.0.2/8" }] }],
  ])("%s", (version, shape) => {
    expect(JSON.parse(printResult(version, bare))).toEqual({ cniVersion: version, ...shape });
  });

  test("empty lists and text inside dns count as nothing", () => {
    const dns = { nameservers: [], domain: "", search: [], options: [] };
    expect(JSON.parse(printResult("1.0.0", { ...bare, dns }))).not.toHaveProperty("dns");
  });

  test("0 means unset for sizes and priority, and is a value for table and scope", () => {
    const route = { dst: "10.0.0.0/8", mtu: 0, advmss: 0, priority: 0, table: 0, scope: 0 };
    expect(resultFor("1.1.0", { ...bare, routes: [route] })).toMatchObject({
      routes: [{ dst: "10.0.0.0/8", table: 0, scope: 0 }],
    });
    expect(
      Object.keys((resultFor("1.1.0", { ...bare, routes: [route] }).routes as object[])[0]!),
    ).toHaveLength(3);
  });
});

describe("a form that cannot say it", () => {
  test.each(["0.1.0", "0.2.0"])("%s needs an address", (version) => {
    const layer2: Result = { interfaces: [{ name: "eth0" }], ips: [], routes: [], dns: {} };
    expect(thrownBy(() => resultFor(version, layer2))).toMatchObject({
      code: 999,
      msg: expect.stringContaining("needs an address"),
    });
  });

  test("0.2.0 drops the routes of a family that has no address", () => {
    const only4 = { ...full, ips: [{ address: "10.1.2.3/24" }] };
    const shaped = resultFor("0.2.0", only4);
    expect(shaped).not.toHaveProperty("ip6");
    expect(shaped).toMatchObject({ ip4: { routes: [{ dst: "0.0.0.0/0", gw: "10.1.2.1" }] } });
  });
});

describe("there and back", () => {
  test.each(["1.0.0", "1.1.0"])("%s loses nothing", (version) => {
    expect(asRead(resultFor(version, full), version)).toEqual(full);
  });

  test.each(["0.3.0", "0.3.1", "0.4.0"])("%s loses what interfaces gained later", (version) => {
    const [bridge, link] = full.interfaces;
    const { name, mac, sandbox } = link!;
    expect(asRead(resultFor(version, full), version)).toEqual({
      ...full,
      interfaces: [bridge!, { name, mac, sandbox }],
    });
  });

  test.each([
    ["with gateways of routes", { dst: "0.0.0.0/0", gw: "10.1.2.1" }, { dst: "::/0", gw: "2001:db8::1" }],
    ["without", { dst: "0.0.0.0/0" }, { dst: "::/0" }],
  ])("0.2.0 to 1.0.0 and back, %s", (_, route4, route6) => {
    const old = {
      cniVersion: "0.2.0",
      ip4: { ip: "10.1.2.3/24", gateway: "10.1.2.1", routes: [route4] },
      ip6: { ip: "2001:db8::5/64", routes: [route6] },
      dns: { domain: "example.org" },
    };
    const read = asRead(old, "0.2.0");
    const newer = asRead(resultFor("1.0.0", read), "1.0.0");
    expect(newer.ips).toEqual([
      { address: "10.1.2.3/24", gateway: "10.1.2.1" },
      { address: "2001:db8::5/64" },
    ]);
    expect(newer.routes).toEqual([route4, route6]);
    expect(newer.interfaces).toEqual([]);
    expect(resultFor("0.2.0", newer)).toEqual(old);
  });
});

describe("printing", () => {
  const one: Result = {
    interfaces: [{ name: "e<0>&", mac: "02:00:00:00:00:01", sandbox: "/n" }],
    ips: [{ interface: 0, address: "10.0.0.2/8", gateway: "10.0.0.1" }],
    routes: [{ dst: "0.0.0.0/0", gw: "10.0.0.1", mtu: 1400 }],
    dns: { nameservers: ["10.0.0.1"], domain: "d" },
  };

  test("1.x has its members in alphabetical order at every level, and escapes what HTML would", () => {
    expect(printResult("1.1.0", one)).toBe(`{
    "cniVersion": "1.1.0",
    "dns": {
        "domain": "d",
        "nameservers": [
            "10.0.0.1"
        ]
    },
    "interfaces": [
        {
            "mac": "02:00:00:00:00:01",
            "name": "e\\u003c0\\u003e\\u0026",
            "sandbox": "/n"
        }
    ],
    "ips": [
        {
            "address": "10.0.0.2/8",
            "gateway": "10.0.0.1",
            "interface": 0
        }
    ],
    "routes": [
        {
            "dst": "0.0.0.0/0",
            "gw": "10.0.0.1",
            "mtu": 1400
        }
    ]
}`);
  });

  test("0.4.0 has them in the order of the specification", () => {
    const text = printResult("0.4.0", one);
    const keys = [...text.matchAll(/"(\w+)":/g)].map((match) => match[1]);
    expect(keys.join(" ")).toBe(
      "cniVersion interfaces name mac sandbox ips version interface address gateway routes dst gw mtu dns nameservers domain",
    );
  });
});

describe("text forms", () => {
  const ipOf = (address: string) => parseResult({ ips: [{ address }] }, "1.0.0").ips[0]?.address;

  test.each([
    ["10.1.2.3/24", "10.1.2.3/24"],
    ["2001:DB8:0:0:0:0:0:5/64", "2001:db8::5/64"],
    ["::/0", "::/0"],
    ["::ffff:10.1.2.3/120", "10.1.2.3/24"],
  ])("%s reads as %s", (text, canonical) => {
    expect(ipOf(text)).toBe(canonical);
  });

  test.each([
    ...["10.1.2.3", "10.1.2.3/33", "10.1.2.3/", "10.1.2.3/a", "10.1.2.3/24/24", "10.1.2/24", "::/129"],
    ...["010.1.2.3/24", "fe80::1%eth0/64", "", "::ffff:10.1.2.3/64"],
  ])("%p is no address with a prefix", (text) => {
    expect(thrownBy(() => ipOf(text))).toMatchObject({
      code: 6,
      msg: expect.stringContaining("result.ips[0].address"),
    });
  });

  test("a gateway is a bare address, and empty text is none", () => {
    const gatewayOf = (gateway: string) =>
      parseResult({ ips: [{ address: "10.0.0.2/8", gateway }] }, "1.0.0").ips[0]?.gateway;
    expect(gatewayOf("10.0.0.1")).toBe("10.0.0.1");
    expect(gatewayOf("")).toBeUndefined();
    expect(thrownBy(() => gatewayOf("10.0.0.1/8"))).toMatchObject({ code: 6 });
  });
});

describe("reading is forgiving about keys and strict about values", () => {
  test("letter case of keys does not matter, null is absent, unknown keys are passed over", () => {
    const json = { CNIVersion: "1.0.0", IPs: [{ Address: "10.0.0.2/8", Interface: 0, x: 1 }], routes: null };
    expect(parseResult(json, "1.0.0")).toMatchObject({
      ips: [{ address: "10.0.0.2/8", interface: 0 }],
      routes: [],
    });
  });

  test("interface 0 and no interface are told apart", () => {
    const { ips } = parseResult(
      { ips: [{ address: "10.0.0.2/8", interface: 0 }, { address: "10.0.0.3/8" }] },
      "1.0.0",
    );
    expect(ips.map((ip) => ip.interface)).toEqual([0, undefined]);
  });

  test.each<[string, unknown, string]>([
    ["a list for the result", [], "result"],
    ["text for ips", { ips: "10.0.0.2/8" }, "result.ips"],
    ["a number for an address", { ips: [{ address: 5 }] }, "result.ips[0].address"],
    ["no address", { ips: [{}] }, "result.ips[0].address"],
    [
      "a fraction for an index",
      { ips: [{ address: "10.0.0.2/8", interface: 0.5 }] },
      "result.ips[0].interface",
    ],
    ["a number for a name", { interfaces: [{ name: 5 }] }, "result.interfaces[0].name"],
    ["a route without dst", { routes: [{ gw: "10.0.0.1" }] }, "result.routes[0].dst"],
    ["a number in dns", { dns: { nameservers: [1] } }, "result.dns.nameservers[0]"],
    ["an unknown version", { cniVersion: "0.4.1" }, "result.cniVersion"],
  ])("%s is refused with its place", (_, json, place) => {
    expect(thrownBy(() => parseResult(json, "1.0.0"))).toMatchObject({
      code: 6,
      msg: expect.stringContaining(`${place}:`),
    });
  });
});

describe("a delegate's result is read by the version that it names", () => {
  const old = { cniVersion: "0.2.0", ip4: { ip: "10.0.0.2/8" } };

  test("whatever the configuration's version is", () => {
    expect(parseResult(old, "1.0.0").ips).toEqual([{ address: "10.0.0.2/8" }]);
  });

  test("and by the configuration's when it names none", () => {
    expect(parseResult({ ...old, cniVersion: "" }, "0.2.0").ips).toHaveLength(1);
    expect(parseResult({ ...old, cniVersion: "" }, "1.0.0").ips).toHaveLength(0);
  });
});

describe("prevResult", () => {
  test.each([
    ["0.1.0", "0.2.0"],
    ["0.3.0", "0.4.0"],
    ["1.1.0", "1.0.0"],
    ["1.0.0", "1.1.0"],
    ["", "0.4.0"],
  ])("of version %p under a configuration of %s is fine", (version, config) => {
    expect(thrownBy(() => parsePrevResult({ cniVersion: version }, config))).toBeUndefined();
  });

  test.each([
    ["0.3.1", "1.0.0"],
    ["1.0.0", "0.4.0"],
    ["0.2.0", "0.3.0"],
    ["7.7.7", "1.0.0"],
  ])("of version %s under a configuration of %s is refused", (version, config) => {
    expect(thrownBy(() => parsePrevResult({ cniVersion: version }, config))).toMatchObject({
      code: 6,
      msg: expect.stringContaining(version),
    });
  });

  test("without a version is read by the configuration's", () => {
    expect(parsePrevResult({ ip4: { ip: "10.0.0.2/8" } }, "0.2.0").ips).toEqual([{ address: "10.0.0.2/8" }]);
  });
});
