/** The summary of a link says what the whole says, and leaves out the rest. */
import { expect, test } from "bun:test";
import { decode } from "../../netlink/codec/index.ts";
import { messagesIn } from "../../netlink/message/header.ts";
import { Link } from "../../netlink/route/link/link.ts";
import { LinkSummary } from "../../netlink/route/link/summary.ts";
import { fixture } from "../fixtures.ts";

test.each(["link-loopback", "link-veth-with-peer-in-other-namespace", "bridge-as-made", "link-with-alias"])(
  "%s",
  (name) => {
    const [reply] = messagesIn(fixture("route", name).bytes).messages;
    const whole = decode(Link, reply!.body);
    const { linkinfo, ...summary } = decode(LinkSummary, reply!.body);
    expect(whole).toMatchObject(summary);
    expect(Object.keys(summary)).toEqual(
      expect.arrayContaining(["index", "flags", "ifname", "mtu", "address", "operstate"]),
    );
    expect(linkinfo?.kind).toBe(whole.linkinfo?.kind);
    expect(whole).toHaveProperty("stats64");
    expect(summary).not.toHaveProperty("stats64");
  },
);
