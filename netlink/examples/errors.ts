import { createNamespace, NetlinkError, openRoute } from "@flatnet/netlink";

using namespace = createNamespace();
using route = openRoute({ namespace });
const lo = route.link.get({ ifname: "lo" });

function watch(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof NetlinkError)) throw error;
    console.log(error.message);
  }
}

// The kernel's own sentence, where it has one.
watch(() => route.route.add({ dst: "10.1.0.1", dstLen: 16, oif: lo.index }));
// The attribute that it means, by its path in the request, and what it would have taken there.
watch(() => route.address.add({ index: lo.index, address: "10.1.0.1", label: "lo:longer-than-a-label" }));
// What cannot be written is not sent: the path again.
watch(() => route.route.add({ dst: "10.1.0.0", dstLen: 16, oif: lo.index, metrics: { mtu: -1 } }));
