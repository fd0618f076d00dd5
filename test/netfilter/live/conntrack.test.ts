/** conntrack of a live kernel: connections listed, picked out and forgotten. */
import { expect } from "bun:test";
import type { Connection } from "../../../netlink/netfilter/connection.ts";
import { type ConnectionFilter, directionOf } from "../../../netlink/netfilter/connection-filter.ts";
import {
  deleteConnection,
  flushConnections,
  getConnection,
  listConnections,
} from "../../../netlink/netfilter/conntrack.ts";
import { needs } from "../../needs.ts";
import { type Firewall, firewall } from "./firewall.ts";

const { test } = needs("namespaces", "program:conntrack", "program:ip", "program:bash", "program:nft");

const UDP = 17;
const TCP = 6;

/** A namespace with four UDP flows, two of them translated, and a TCP connection that was put there. */
function flows(): Firewall {
  const netfilter = firewall();
  const { run, nft } = netfilter;
  const send = (to: string) => run("bash", "-c", `echo hello > /dev/udp/${to}`);
  run("ip", "link", "set", "lo", "up");
  // Connections are tracked where a rule asks for it; the translation is what a published port does.
  nft(
    `table inet t {
      chain tracked { type filter hook output priority 0; ct state new accept; }
      chain translated { type nat hook output priority -100; udp dport 53 dnat ip to 127.0.0.1:5353; }
    }`,
  );
  send("127.0.0.1/53");
  send("127.0.0.2/53");
  send("127.0.0.1/54");
  send("::1/54");
  const tcp = "-p tcp -s 10.0.0.1 -d 10.0.0.2 --sport 1000 --dport 80 --state ESTABLISHED -t 100";
  run("conntrack", "-I", ...tcp.split(" "));
  return netfilter;
}

/** Both directions of each connection, as conntrack prints them. */
const printed = ({ run }: Firewall, ...options: string[]) =>
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
const listed = ({ connection }: Firewall, filter: ConnectionFilter = {}) =>
  connection
    .list(filter)
    .map(({ tupleOrig, tupleReply }) => `${text(tupleOrig)} ${text(tupleReply)}`)
    .sort();

test("lists what conntrack lists", () => {
  using netfilter = flows();
  expect(listed(netfilter)).toHaveLength(5);
  expect(listed(netfilter)).toEqual(printed(netfilter));
});

test("picks out what conntrack picks out", () => {
  using netfilter = flows();
  expect(listed(netfilter, { original: { protocol: UDP, destinationPort: 53 } })).toEqual(
    printed(netfilter, "-p", "udp", "--orig-port-dst", "53"),
  );
  expect(listed(netfilter, { original: { protocol: UDP, destinationPort: 53 } })).toHaveLength(2);
  expect(listed(netfilter, { original: { destination: "127.0.0.2" } })).toHaveLength(1);
  expect(listed(netfilter, { original: { protocol: TCP } })).toEqual(printed(netfilter, "-p", "tcp"));
  expect(listed(netfilter, { status: ["dstNat"] })).toHaveLength(2);
  expect(listed(netfilter, { mark: 1 })).toEqual([]);
  expect(listed(netfilter, { zone: 5 })).toEqual([]);
});

test("the kernel itself picks out by address and port", () => {
  using netfilter = flows();
  const query = listConnections("ip", {
    original: { protocol: UDP, destination: "127.0.0.2", destinationPort: 53 },
  });
  expect(netfilter.client.list(query)).toHaveLength(1);
});

test("forgets flows to a port, of one address if given, and says how many", () => {
  using netfilter = flows();
  const port = { protocol: UDP, destinationPort: 53 };
  expect(netfilter.connection.forget({ original: { ...port, destination: "127.0.0.2" } })).toBe(1);
  expect(printed(netfilter, "-p", "udp", "--orig-port-dst", "53")).toHaveLength(1);
  expect(netfilter.connection.forget({ original: port })).toBe(1);
  expect(netfilter.connection.forget({ original: port })).toBe(0);
  expect(printed(netfilter)).toHaveLength(3);
});

test("forgetting one that is gone is ENOENT", () => {
  using netfilter = flows();
  const [connection] = netfilter.connection.list({ original: { protocol: TCP } });
  netfilter.client.do(deleteConnection(connection!));
  const [late] = netfilter.client.attempt([deleteConnection(connection!)]);
  expect(late).toMatchObject({ code: "ENOENT" });
});

test("does not forget a later connection with the same addresses", () => {
  using netfilter = flows();
  const [connection] = netfilter.connection.list({ original: { protocol: TCP } });
  const [refused] = netfilter.client.attempt([
    deleteConnection({ ...connection!, id: (connection!.id! ^ 1) >>> 0 }),
  ]);
  expect(refused).toMatchObject({ code: "ENOENT" });
  expect(listed(netfilter, { original: { protocol: TCP } })).toHaveLength(1);
});

test("finds one by how its first packet was sent", () => {
  using netfilter = flows();
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

test("flushes one family and leaves the other", () => {
  using netfilter = flows();
  netfilter.client.do(flushConnections("ip"));
  expect(netfilter.connection.list().map(({ family }) => family)).toEqual(["ip6"]);
});
