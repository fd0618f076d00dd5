import { openRoute } from "@flatnet/netlink";

using route = openRoute();
for (const { index, ifname, mtu, flags, address } of route.link.list())
  console.log(`${index}: ${ifname}, mtu ${mtu}, ${address}, ${flags.join(" ")}`);
