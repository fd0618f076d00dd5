import { annotateMessages } from "@flatnet/netlink";
import { attr, attrs, decode, u16, u16be } from "@flatnet/netlink/codec";

// What `ip link add v0 type veth peer name v1` sends, as strace shows it.
const captured = Uint8Array.fromHex(
  `54000000 10000506 fb6b026b 00000000 00000000 00000000 00000000 00000000 07000300 76300000 2c001200
   08000100 76657468 20000200 1c000100 00000000 00000000 00000000 00000000 07000300 76310000`.replace(
    /\s/g,
    "",
  ),
);
console.log(annotateMessages("route", captured, "toKernel"));

// A payload of one's own is described once: its type, reader, writer and printer follow.
const Vlan = attrs(() => ({
  /** VLAN id, 1 to 4094. */
  id: attr(1, u16),
  /** EtherType of the tag; network order on the wire. */
  protocol: attr(5, u16be),
}));
const { id, protocol } = decode(Vlan, Uint8Array.fromHex("060001002a0000000600050088a80000"));
console.log(id, protocol?.toString(16));
