/** A host whose table was made by the first flatnet: it goes on, and the next ports bring it up to date. */
import { expect } from "bun:test";
import { succeed } from "../../failures/call.ts";
import { flatnet as configured, ports } from "../../failures/networks.ts";
import { needs } from "../../needs.ts";
import {
  dualStack,
  flatnet,
  publishing as flatnetPublishing,
  web as flatnetWeb,
} from "../flatnet/configuration.ts";
import { Host, hostAddress } from "../host.ts";
import { elements, program } from "../kernel.ts";
import { ask, serve } from "../talk.ts";
import { network, publishing, web } from "./configuration.ts";

const live = needs("namespaces", "program:nft", "program:ip");

/** The table as the first layout had it, with a container that has one port. */
const firstLayout = (link: string): string => {
  const by = (more = "") => `comment "flatnet flatnet old eth0 ${link}${more}"`;
  return `table inet flatnet {
	comment "Container networks of flatnet"
	map hostports4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
	map hostports6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; }
	map anyports4 {
		type inet_proto . inet_service : ipv4_addr . inet_service
		elements = { tcp . 8080 ${by()} : 10.87.1.2 . 80 }
	}
	map anyports6 {
		type inet_proto . inet_service : ipv6_addr . inet_service
		elements = { tcp . 8080 ${by()} : fd00:87:1::2 . 80 }
	}
	set local4 { type ipv4_addr . ifname; elements = { 10.87.1.2 . "flatnet-br0" ${by(" ports=2")} }; }
	set local6 { type ipv6_addr . ifname; elements = { fd00:87:1::2 . "flatnet-br0" ${by(" ports=2")} }; }
	set masquerade4 { type ipv4_addr; elements = { 10.87.1.2 ${by()} }; }
	set masquerade6 { type ipv6_addr; elements = { fd00:87:1::2 ${by()} }; }
	chain ports {
		dnat ip to ip daddr . meta l4proto . th dport map @hostports4
		meta nfproto ipv4 dnat ip to meta l4proto . th dport map @anyports4
		dnat ip6 to ip6 daddr . meta l4proto . th dport map @hostports6
		meta nfproto ipv6 dnat ip6 to meta l4proto . th dport map @anyports6
	}
	chain guard {
		type filter hook prerouting priority raw; policy accept;
		ip daddr 127.0.0.0/8 iifname != "lo" drop
	}
	chain prerouting {
		type nat hook prerouting priority dstnat; policy accept;
		fib daddr type local jump ports
	}
	chain output {
		type nat hook output priority -100; policy accept;
		fib daddr type local jump ports
	}
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ct status dnat ip saddr 127.0.0.0/8 oifname != "lo" masquerade
		ct status dnat ip saddr . oifname @local4 masquerade
		ct status dnat ip6 saddr . oifname @local6 masquerade
		ip saddr @masquerade4 ip saddr . oifname != @local4 ip daddr != 224.0.0.0/4 masquerade
		ip6 saddr @masquerade6 ip6 saddr . oifname != @local6 ip6 daddr != ff00::/8 masquerade
	}
}`;
};

/** What nft says of the table's rules. */
const rules = (host: Host): string[] =>
  program(host.namespace, "nft", "list", "table", "inet", "flatnet").match(
    /^\t\t(?!type|comment|elements|flags).*/gm,
  ) ?? [];

/** A container of the first flatnet, and its host. */
function older() {
  const host = new Host();
  const net = host.network(flatnet(dualStack, "1.1.0"));
  const old = net.add("old", flatnetPublishing(flatnetWeb()));
  program(host.namespace, "nft", "delete table inet flatnet");
  program(host.namespace, "nft", firstLayout(old.hostLink));
  return { host, net, old };
}

live.describe("a table of the first flatnet", () => {
  live.test("becomes like a new one with the next port, and loses nothing", async () => {
    const { host, old } = older();
    using _host = host;
    using fresh = new Host();
    fresh.network(network()).add("new", publishing(web({ hostPort: 9090 })));
    const added = host.network(network()).add("new", publishing(web({ hostPort: 9090 })));
    const lines = (of: Host): string[] => rules(of).filter((line) => !/^\t\t\s/.test(line));
    expect(lines(host)).toEqual(lines(fresh));
    added.check();
    old.check();
    using _old = await serve(old.namespace, { port: 80, name: "old" });
    const from = async (place: Host["namespace"], address: string) =>
      (await ask(place, { address, port: 8080, patience: 300 }))?.from;
    expect(await from(host.outside, hostAddress.v4)).toBe("old");
    expect(await from(host.outside, hostAddress.v6)).toBe("old");
    expect(await from(host.namespace, "127.0.0.1")).toBe("old");
    expect(await from(old.namespace, hostAddress.v4)).toBe("old");
    expect(await from(old.namespace, hostAddress.v6)).toBe("old");
  });

  live.test("lets its container's DEL take everything, before and after", () => {
    for (const upgraded of [false, true]) {
      const { host, old } = older();
      using _host = host;
      if (upgraded) host.network(network()).add("new", publishing(web({ hostPort: 9090 })));
      old.del();
      for (const set of [
        "anyports4",
        "anyports6",
        "local4",
        "local6",
        "masquerade4",
        "published4",
        "published6",
      ])
        expect(elements(host.namespace, set).filter((element) => element.includes("old"))).toEqual([]);
    }
  });

  live.test("lets GC take what is of no valid attachment, and keep what is", () => {
    const { host, net, old } = older();
    using _host = host;
    net.gc([old]);
    expect(elements(host.namespace, "anyports4")).toHaveLength(1);
    net.gc([]);
    expect(elements(host.namespace, "anyports4")).toEqual([]);
    expect(elements(host.namespace, "local6")).toEqual([]);
  });

  live.test("names the owner of a port that another container wants", () => {
    const { host } = older();
    using _host = host;
    const { msg } = host.network(network()).refuse("new", publishing(web()));
    expect(msg).toContain("it is taken by the container flatnet old eth0");
  });

  live.test("is brought up to date once by many calls at once", async () => {
    const { host, old } = older();
    using _host = host;
    const calls = Array.from({ length: 10 }, (_, nth) => ({
      config: configured(host, { runtimeConfig: ports({ hostPort: 9000 + nth }) }),
      netns: host.container(),
      id: `c${nth}`,
    }));
    await Promise.all(calls.map((call) => succeed(host, "ADD", call)));
    expect(elements(host.namespace, "published4")).toHaveLength(11);
    old.check();
    expect(rules(host).filter((line) => line.includes("jump conditions"))).toHaveLength(1);
  });
});
