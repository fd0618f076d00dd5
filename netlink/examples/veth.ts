import { createNamespace, openRoute } from "@flatnet/netlink";

using blue = createNamespace();
using here = openRoute();
using there = openRoute({ namespace: blue });

// One request makes the pair, with one end in the other namespace under the name that it has there.
here.link.create({
  ifname: "blue0",
  flags: ["up"],
  linkinfo: { kind: "veth", data: { peer: { ifname: "eth0", netNsFd: blue.fd } } },
});
const eth0 = there.link.get({ ifname: "eth0" });
there.link.set({ index: eth0.index, flags: ["up"] });
there.address.add({ index: eth0.index, address: "10.9.8.2", prefixlen: 24 });
there.route.add({ gateway: "10.9.8.1" });

for (const { dst, dstLen, gateway } of there.route.list({ table: "main", family: "inet" }))
  console.log(dst ? `${dst}/${dstLen}` : "default", gateway ? `via ${gateway}` : "on the link");

// The pair ends with either of its ends, and that with its namespace.
here.link.delete({ ifname: "blue0" });
