/** Bridges and their ports in a real kernel, and as iproute2 sees them. */
import { expect } from "bun:test";
import { setLink } from "../../../netlink/route/links.ts";
import { needs } from "../../needs.ts";
import { refusal, world } from "./world.ts";

const { test } = needs("namespaces", "program:ip", "program:bridge");

/** A world whose host has the bridge `br0` with the port `v0`, both up. */
function bridged() {
  const both = world();
  const { host, container } = both;
  host.link.create({ ifname: "br0", flags: ["up"], linkinfo: { kind: "bridge" } });
  const { index: bridge } = host.link.get({ ifname: "br0" });
  host.link.create({
    ifname: "v0",
    master: bridge,
    flags: ["up"],
    linkinfo: { kind: "veth", data: { peer: { ifname: "eth0", netNsFd: container.namespace.fd } } },
  });
  container.link.set({ ifname: "eth0", flags: ["up"] });
  const { index: port } = host.link.get({ ifname: "v0" });
  return { ...both, bridge, port };
}

test("a bridge is made with its options, which are read back and are what iproute2 tells", () => {
  using w = world();
  const { host } = w;
  const data = {
    forwardDelay: 400,
    helloTime: 300,
    maxAge: 1500,
    ageingTime: 6000,
    stpState: 1,
    priority: 4096,
    groupFwdMask: 8,
    groupAddr: "01:80:c2:00:00:0e",
    mcastSnooping: false,
    mcastHashMax: 512,
    mcastMembershipIntvl: 20000n,
    nfCallIptables: true,
    multiBoolopt: { optval: ["noLlLearn"], optmask: ["noLlLearn"] },
  } as const;
  host.link.create({ ifname: "br0", linkinfo: { kind: "bridge", data } });
  const { linkinfo } = host.link.get({ ifname: "br0" });
  const { multiBoolopt, ...plain } = data;
  expect(linkinfo).toMatchObject({ kind: "bridge", data: plain });
  expect(linkinfo?.kind === "bridge" && linkinfo.data?.multiBoolopt?.optval).toEqual(multiBoolopt.optval);
  expect(host.ip("-d", "link", "show", "br0")).toMatchObject([
    {
      linkinfo: {
        info_data: {
          forward_delay: 400,
          hello_time: 300,
          max_age: 1500,
          ageing_time: 6000,
          stp_state: 1,
          priority: 4096,
          bridge_id: expect.stringMatching(/^1000\./),
          group_fwd_mask: "0x8",
          group_addr: "01:80:c2:00:00:0e",
          mcast_snooping: 0,
          mcast_hash_max: 512,
          mcast_membership_intvl: 20000,
          nf_call_iptables: 1,
        },
      },
    },
  ]);
});

test("the options of a port are set by its link, and read back in both families", () => {
  using w = bridged();
  const { host, port } = w;
  const slaveData = { mode: true, isolated: true, learning: false, priority: 5, cost: 77 };
  host.link.set({ index: port, linkinfo: { slaveKind: "bridge", slaveData } });
  expect(host.link.get({ index: port }).linkinfo).toMatchObject({ slaveKind: "bridge", slaveData });
  const [seen] = host.bridgeLink.list().filter(({ index }) => index === port);
  expect(seen).toMatchObject({ family: "bridge", master: w.bridge, protinfo: slaveData });
  expect(host.bridge("-d", "link", "show", "dev", "v0")).toMatchObject([
    { hairpin: true, isolated: true, learning: false, priority: 5, cost: 77, state: "forwarding" },
  ]);
});

test("the options of a port are set in the family of bridges", () => {
  using w = bridged();
  const { host, port } = w;
  host.bridgeLink.set({ index: port, protinfo: { unicastFlood: false, neighSuppress: true } });
  expect(host.link.get({ index: port }).linkinfo).toMatchObject({
    slaveData: { unicastFlood: false, neighSuppress: true, mcastFlood: true },
  });
});

test("a port leaves its bridge", () => {
  using w = bridged();
  w.host.link.set({ index: w.port, master: 0 });
  expect(w.host.link.get({ index: w.port }).master).toBeUndefined();
  expect(w.host.bridge("link", "show")).toEqual([]);
});

test("VLANs are set where the kernel filters them, and refused in its words elsewhere", () => {
  using w = bridged();
  const { host, bridge, port } = w;
  const filter = { kind: "bridge", data: { vlanFiltering: true } } as const;
  const [able] = host.client.attempt([setLink({ index: bridge, linkinfo: filter })]);
  const vlans = { vlanInfo: [{ flags: ["pvid", "untagged"], vid: 10 }] } as const;
  if (able !== undefined) {
    expect(able.code).toBe("EOPNOTSUPP");
    const refused = refusal(() => host.bridgeLink.addVlans(port, vlans));
    expect(refused).toEqual({
      operation: `bridgeLink.addVlans ${port}`,
      code: "EOPNOTSUPP",
    } as typeof refused);
    return;
  }
  host.bridgeLink.addVlans(port, vlans);
  const [seen] = host.bridgeLink.list({ extMask: ["brvlan"] }).filter(({ index }) => index === port);
  expect(seen?.afSpec?.vlanInfo).toContainEqual({ flags: ["pvid", "untagged"], vid: 10 });
  host.bridgeLink.deleteVlans(port, { vlanInfo: [{ flags: [], vid: 10 }] });
});

test("the forwarding table is changed, listed by bridge, asked for one entry and flushed", () => {
  using w = bridged();
  const { host, bridge, port } = w;
  const lladdr = "02:00:00:00:00:77";
  host.neighbour.add({ family: "bridge", index: port, lladdr, flags: ["master"], state: ["noarp"] });
  const entry = { family: "bridge", index: port, lladdr, master: bridge, state: ["noarp"] };
  expect(host.neighbour.get({ family: "bridge", index: port, lladdr, flags: ["master"] })).toMatchObject(
    entry,
  );
  const listed = host.neighbour.list({ family: "bridge", master: bridge });
  expect(listed).toContainEqual(expect.objectContaining(entry));
  expect(host.bridge("fdb", "show", "br", "br0")).toContainEqual(
    expect.objectContaining({ mac: lladdr, ifname: "v0", master: "br0", state: "static" }),
  );
  host.neighbour.delete({ family: "bridge", index: port, lladdr, flags: ["master"] });
  expect(host.neighbour.find({ family: "bridge", index: port, lladdr, flags: ["master"] })).toBeUndefined();
});
