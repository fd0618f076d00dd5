/** conntrack of a live kernel, in private namespaces: connections listed, picked out and forgotten. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Connection } from "../../netlink/netfilter/connection.ts";
import { directionOf, familiesOf, matches, tupleOf } from "../../netlink/netfilter/connection-filter.ts";
import {
  deleteConnection,
  flushConnections,
  getConnection,
  listConnections,
} from "../../netlink/netfilter/conntrack.ts";
import { type NetfilterConnection, openNetfilter } from "../../netlink/netfilter/index.ts";
import { createNamespace, inside, type Namespace } from "../../netlink/socket/namespace.ts";
import { needs } from "../needs.ts";

const UDP = 17;
const TCP = 6;
const TCP_PORTS = ["--sport", "1000", "--dport", "80", "--state", "ESTABLISHED"];

const live = needs("namespaces", "program:conntrack", "program:ip", "program:bash", "program:nft");

describe("which connections a filter means", () => {
  const connection: Connection = {
    family: "ip",
    version: 0,
    resourceId: 0,
    tupleOrig: {
      ip: { v4Src: "10.0.0.1", v4Dst: "192.0.2.1" },
      proto: { num: UDP, srcPort: 1000, dstPort: 53 },
    },
    tupleReply: {
      ip: { v4Src: "10.0.0.3", v4Dst: "10.0.0.1" },
      proto: { num: UDP, srcPort: 5353, dstPort: 1000 },
    },
    status: ["confirmed", "dstNat"],
    mark: 0x107,
  };

  test.each([
    ["everything", {}, true],
    ["its port", { original: { protocol: UDP, destinationPort: 53 } }, true],
    ["another port", { original: { protocol: UDP, destinationPort: 54 } }, false],
    ["where it really went", { reply: { source: "10.0.0.3" } }, true],
    ["another zone", { zone: 5 }, false],
    ["some bits of the mark", { mark: 0x07, markMask: 0xff }, true],
    ["the whole mark", { mark: 0x07 }, false],
    ["translated ones", { status: ["dstNat"] as const }, true],
    ["answered ones", { status: ["dstNat", "seenReply"] as const }, false],
  ])("%s", (_, filter, meant) => {
    expect(matches(connection, filter)).toBe(meant);
  });

  test("an address may be written in any way", () => {
    const v6: Connection = { ...connection, tupleOrig: { ip: { v6Src: "fd00::1", v6Dst: "fd00::2" } } };
    expect(matches(v6, { original: { destination: "FD00:0:0::0002" } })).toBe(true);
  });

  test("an address says the family", () => {
    expect(familiesOf({ reply: { source: "fd00::1" } })).toEqual(["ip6"]);
    expect(familiesOf({ original: { protocol: UDP } })).toEqual(["ip", "ip6"]);
  });

  test("a port without a protocol is refused", () => {
    expect(() => tupleOf({ destinationPort: 53 }, "ip")).toThrow(
      "a port without a protocol means no connection",
    );
  });
});

live.describe("in a namespace", () => {
  let namespace: Namespace;
  let netfilter: NetfilterConnection;

  const run = (...command: string[]) => {
    const { exitCode, stdout, stderr } = inside(namespace, () => Bun.spawnSync(command));
    if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
    return stdout.toString();
  };
  const send = (to: string) => run("bash", "-c", `echo hello > /dev/udp/${to}`);

  beforeEach(() => {
    namespace = createNamespace();
    netfilter = openNetfilter({ namespace });
    run("ip", "link", "set", "lo", "up");
    // Connections are tracked where a rule asks for it; the translation is what a published port does.
    run(
      "nft",
      `table inet t {
        chain tracked { type filter hook output priority 0; ct state new accept; }
        chain translated { type nat hook output priority -100; udp dport 53 dnat ip to 127.0.0.1:5353; }
      }`,
    );
    send("127.0.0.1/53");
    send("127.0.0.2/53");
    send("127.0.0.1/54");
    send("::1/54");
    run(...["conntrack", "-I", "-p", "tcp", "-s", "10.0.0.1", "-d", "10.0.0.2", "-t", "100"], ...TCP_PORTS);
  });
  afterEach(() => {
    netfilter.close();
    namespace.close();
  });

  /** Both directions of each connection, as conntrack prints them. */
  const printed = (...options: string[]) =>
    ["ipv4", "ipv6"]
      .flatMap((family) =>
        run("conntrack", "-L", "-f", family, ...options)
          .trim()
          .split("\n"),
      )
      .filter((line) => line !== "")
      .map((line) => (line.match(/\b(src|dst|sport|dport)=\S+/g) ?? []).join(" "))
      .sort();

  const text = (tuple: Connection["tupleOrig"]) => {
    const { source, destination, sourcePort, destinationPort } = directionOf(tuple);
    return `src=${source} dst=${destination} sport=${sourcePort} dport=${destinationPort}`;
  };
  const listed = (filter = {}) =>
    netfilter.connection
      .list(filter)
      .map(({ tupleOrig, tupleReply }) => `${text(tupleOrig)} ${text(tupleReply)}`)
      .sort();

  live.test("lists what conntrack lists", () => {
    expect(listed()).toHaveLength(5);
    expect(listed()).toEqual(printed());
  });

  live.test("picks out what conntrack picks out", () => {
    expect(listed({ original: { protocol: UDP, destinationPort: 53 } })).toEqual(
      printed("-p", "udp", "--orig-port-dst", "53"),
    );
    expect(listed({ original: { protocol: UDP, destinationPort: 53 } })).toHaveLength(2);
    expect(listed({ original: { destination: "127.0.0.2" } })).toHaveLength(1);
    expect(listed({ original: { protocol: TCP } })).toEqual(printed("-p", "tcp"));
    expect(listed({ status: ["dstNat"] })).toHaveLength(2);
    expect(listed({ mark: 1 })).toEqual([]);
    expect(listed({ zone: 5 })).toEqual([]);
  });

  live.test("the kernel itself picks out by address and port", () => {
    const query = listConnections("ip", {
      original: { protocol: UDP, destination: "127.0.0.2", destinationPort: 53 },
    });
    expect(netfilter.client.list(query)).toHaveLength(1);
  });

  live.test("forgets flows to a port, of one address if given, and says how many", () => {
    const port = { protocol: UDP, destinationPort: 53 };
    expect(netfilter.connection.forget({ original: { ...port, destination: "127.0.0.2" } })).toBe(1);
    expect(printed("-p", "udp", "--orig-port-dst", "53")).toHaveLength(1);
    expect(netfilter.connection.forget({ original: port })).toBe(1);
    expect(netfilter.connection.forget({ original: port })).toBe(0);
    expect(printed()).toHaveLength(3);
  });

  live.test("forgetting one that is gone is ENOENT", () => {
    const [connection] = netfilter.connection.list({ original: { protocol: TCP } });
    netfilter.client.do(deleteConnection(connection!));
    const [late] = netfilter.client.attempt([deleteConnection(connection!)]);
    expect(late).toMatchObject({ code: "ENOENT" });
  });

  live.test("does not forget a later connection with the same addresses", () => {
    const [connection] = netfilter.connection.list({ original: { protocol: TCP } });
    const [refused] = netfilter.client.attempt([
      deleteConnection({ ...connection!, id: (connection!.id! ^ 1) >>> 0 }),
    ]);
    expect(refused).toMatchObject({ code: "ENOENT" });
    expect(listed({ original: { protocol: TCP } })).toHaveLength(1);
  });

  live.test("finds one by how its first packet was sent", () => {
    const [connection] = netfilter.connection.list({ original: { destination: "127.0.0.2" } });
    const original = directionOf(connection!.tupleOrig);
    const complete = {
      source: original.source!,
      destination: "127.0.0.2",
      protocol: UDP,
      sourcePort: original.sourcePort!,
      destinationPort: 53,
    };
    expect(netfilter.connection.find(complete)).toMatchObject({
      id: connection!.id!,
      tupleReply: { proto: { srcPort: 5353 } },
    });
    expect(netfilter.client.find(getConnection({ ...complete, destinationPort: 5 }))).toBeUndefined();
  });

  live.test("flushes one family and leaves the other", () => {
    netfilter.client.do(flushConnections("ip"));
    expect(netfilter.connection.list().map(({ family }) => family)).toEqual(["ip6"]);
  });
});
