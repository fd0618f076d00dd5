/** What the kernel says when it refuses: its word, its sentence, and the attribute it means, by the path in the request. */
import { describe, expect, test } from "bun:test";
import {
  attr,
  attrs,
  byKind,
  type Codec,
  cstring,
  decode,
  indexed,
  message,
  u16,
  u32,
} from "../../netlink/codec/index.ts";
import { KernelError } from "../../netlink/errors.ts";
import { verdict } from "../../netlink/message/ack.ts";
import { Client } from "../../netlink/message/client.ts";
import { type Message, messagesIn } from "../../netlink/message/header.ts";
import { change } from "../../netlink/message/request.ts";
import { routeCodec } from "../../netlink/route/messages.ts";
import { pretending } from "../../netlink/socket/pretend.ts";
import { hex } from "../bytes.ts";
import { fixture, fixtures } from "../fixtures.ts";

/** What a client throws when the captured request `name` is answered as the kernel answered it. */
function captured(name: string): unknown {
  const [request] = messagesIn(fixture("route", `${name}-request`).bytes).messages;
  const { type, flags, body } = request!;
  const codec = routeCodec(type, body)!;
  const answer = fixture("route", name).bytes;
  const [{ sequence, port } = request!] = messagesIn(answer).messages;
  const client = new Client(
    pretending((datagram) => {
      expect(messagesIn(datagram).messages[0]!.body).toEqual(body);
      return [answer];
    }, port),
    sequence,
  );
  try {
    client.get({ operation: name, type, flags, codec, body: decode(codec, body, "toKernel"), reply: codec });
  } catch (error) {
    return error;
  }
  return "nothing";
}

/** The errno beside each capture, and the sentence where there is one. */
const refusals: Record<string, [code: string, said?: string]> = {
  "address-exists-v4": ["EEXIST", "ipv4: Address already assigned"],
  "address-exists-v6": ["EEXIST", "ipv6: address already assigned"],
  "address-not-found": ["EADDRNOTAVAIL", "ipv4: Address not found"],
  "bridge-needs-vlan-filtering": [
    "EINVAL",
    "bridge: Cannot enable multicast vlan snooping with vlan filtering disabled",
  ],
  "bridge-option-out-of-range": ["ERANGE"],
  "bridge-port-state-while-down": ["ENETDOWN"],
  "forwarding-not-found": ["ENOENT"],
  "link-address-multicast": ["EADDRNOTAVAIL"],
  "link-attribute-required": ["EINVAL", "Required attributes not provided to perform the operation"],
  "link-exists": ["EEXIST"],
  "link-kind-unknown": ["EOPNOTSUPP", "Unknown device type"],
  "link-master-is-no-bridge": ["EOPNOTSUPP"],
  "link-mtu-too-small": ["EINVAL", "mtu less than device minimum"],
  "link-not-found": ["ENODEV"],
  "link-protocol-down-unsupported": ["EOPNOTSUPP", "Protodown not supported by device"],
  "neighbour-exists": ["EEXIST"],
  "not-permitted": ["EPERM"],
  "route-exists": ["EEXIST"],
  "route-gateway-unreachable": ["ENETUNREACH", "Nexthop has invalid gateway"],
  "route-gateway-v6-unreachable": ["EHOSTUNREACH"],
  "route-metric-invalid": ["EINVAL", "Unknown tcp congestion algorithm"],
  "route-next-hop-unknown": ["EINVAL", "Nexthop id does not exist"],
  "route-not-found": ["ESRCH"],
  "route-source-not-ours": ["EINVAL", "Invalid prefsrc address"],
  "rule-exists": ["EEXIST"],
  "rule-goto-backwards": ["EINVAL", "Backward goto not supported"],
  "rule-not-found": ["ENOENT"],
};

describe("a captured refusal has its errno and the kernel's sentence", () => {
  test.each(Object.entries(refusals))("%s", (name, [code, said]) => {
    expect(captured(`error-${name}`)).toEqual(new KernelError(`error-${name}`, code, said));
  });

  test("and none is left out", () => {
    const names = fixtures("route")
      .map(({ name }) => name)
      .filter((name) => name.startsWith("error-") && !name.endsWith("-request"))
      .map((name) => name.slice("error-".length));
    const others = ["address-label-breaks-policy", "capped", "missing-attribute"];
    expect(names.sort()).toEqual([...Object.keys(refusals), ...others].sort());
  });
});

test("a value that breaks the kernel's policy is named, with what would have been taken", () => {
  expect(captured("error-address-label-breaks-policy")).toEqual(
    new KernelError(
      "error-address-label-breaks-policy",
      "ERANGE",
      "Attribute failed policy validation",
      "label",
      "maxLength 15, type string",
    ),
  );
});

test("a missing attribute is named", () => {
  const [message_] = messagesIn(fixture("route", "error-missing-attribute").bytes).messages;
  /** RTM_NEWMDB: struct br_port_msg, MDBA_SET_ENTRY. */
  const Mdb = message({ family: u32, ifindex: u32 }, { setEntry: attr(1, u32) });
  expect(verdict(message_!, change("mdb.add", 84, 0, Mdb, { family: 7, ifindex: 1 }))).toEqual(
    new KernelError("mdb.add", "EINVAL", "Missing MDBA_SET_ENTRY attribute", "setEntry (missing)"),
  );
});

test("a refusal without details, in which the request was left out, is its errno", () => {
  const [message_] = messagesIn(fixture("route", "error-capped").bytes).messages;
  expect(verdict(message_!, change("dcb.list", 78, 0, message({}, {}), {}))).toEqual(
    new KernelError("dcb.list", "EOPNOTSUPP"),
  );
});

/** A request in which lists and kinds are nested: 16 bytes of header, then offsets as in the comments. */
const Thing = message(
  { id: u32 }, //                                                    16
  {
    name: attr(1, cstring), //                                       20: "a"
    linkinfo: attr(
      18, //                                                         28
      attrs({
        kind: attr(1, cstring), //                                   32: "vlan"
        data: byKind(2, "kind", { vlan: attrs({ id: attr(1, u16), priority: attr(2, u16) }) }), // 44, 48, 56
      }),
    ),
    ports: attr(19, indexed(attrs({ port: attr(1, u16) }))), //      64, elements 68 and 80, in them 72 and 84
    limits: attr(20, attrs({ low: attr(1, u32), high: attr(2, u32) })), // 92, 96
  },
);
const request = change("thing.set 7", 102, 0, Thing as Codec<unknown, unknown>, {
  id: 7,
  name: "a",
  linkinfo: { kind: "vlan", data: { id: 1, priority: 2 } },
  ports: [{ port: 80 }, { port: 443 }],
  limits: { low: 1 },
});

const CAPPED = 0x100;
const DETAILS = 0x200;
const REQUEST_HEADER = "6c000000 6600 0500 01000000 67120000";

/** An NLMSG_ERROR (or another type) with -EINVAL. */
const refusal = (flags: number, rest: string, type = 2): Message => {
  const body = hex(`eaffffff ${rest}`);
  return { length: 16 + body.length, type, flags, sequence: 1, port: 4711, body };
};

describe("the kernel's offset is the attribute that stands there", () => {
  test.each([
    [20, "name"],
    [28, "linkinfo"],
    [44, "linkinfo.data"],
    [48, "linkinfo.data.id"],
    [56, "linkinfo.data.priority"],
    [64, "ports"],
    [80, "ports.1"],
    [84, "ports.1.port"],
    [96, "limits.low"],
  ])("%i: %s", (offset, at) => {
    const details = `0800 0200 ${offset.toString(16).padStart(2, "0")}000000`;
    expect(verdict(refusal(CAPPED | DETAILS, REQUEST_HEADER + details), request)?.at).toBe(at);
  });

  test.each([0, 17, 49, 3000, 0xffffffff])("%i: nothing", (offset) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, offset, true);
    expect(
      verdict(refusal(CAPPED | DETAILS, `${REQUEST_HEADER} 0800 0200 ${bytes.toHex()}`), request),
    ).toEqual(new KernelError("thing.set 7", "EINVAL"));
  });
});

describe("a missing attribute is named by its nest and number", () => {
  test.each([
    ["at the top", "0800 0500 01000000", "name (missing)"],
    ["in a nest", "0800 0500 02000000  0800 0600 5c000000", "limits.high (missing)"],
    ["in a nest of a kind", "0800 0500 09000000  0800 0600 2c000000", "linkinfo.data.attribute 9 (missing)"],
    ["without a row here", "0800 0500 63000000", "attribute 99 (missing)"],
  ])("%s", (_, details, at) => {
    expect(verdict(refusal(CAPPED | DETAILS, REQUEST_HEADER + details), request)?.at).toBe(at);
  });
});

describe("a refusal's details", () => {
  const said = "0b00 0100 6e6f7065 2e2e00 00";

  test("are behind the request's header when the rest was left out", () => {
    expect(verdict(refusal(CAPPED | DETAILS, REQUEST_HEADER + said), request)?.said).toBe("nope..");
  });

  test("are behind the whole request otherwise", () => {
    const whole = `18000000 6600 0500 01000000 67120000 0700000000000000`;
    expect(verdict(refusal(DETAILS, whole + said), request)?.said).toBe("nope..");
  });

  test("are behind the errno at the end of a list", () => {
    expect(verdict(refusal(DETAILS, said, 3), request)?.said).toBe("nope..");
  });

  test("are none without their flag", () => {
    expect(verdict(refusal(CAPPED, REQUEST_HEADER + said), request)).toEqual(
      new KernelError("thing.set 7", "EINVAL"),
    );
  });

  test("tell the range of a number, negative ones too", () => {
    const policy = `2400 0480                                # NLMSGERR_ATTR_POLICY
      0800 0100 09000000                                     #   NL_POLICY_TYPE_ATTR_TYPE: s64
      0c00 0200 feffffffffffffff                             #   minimum -2
      0c00 0300 0700000000000000                             #   maximum 7`;
    expect(verdict(refusal(CAPPED | DETAILS, `${REQUEST_HEADER}\n${policy}`), request)?.policy).toBe(
      "type s64, minSigned -2, maxSigned 7",
    );
  });

  test("are in the sentence of the error", () => {
    const details = `${said} 0800 0200 30000000 0c00 0480 0800 0100 03000000`;
    expect(verdict(refusal(CAPPED | DETAILS, REQUEST_HEADER + details), request)?.message).toBe(
      "thing.set 7: EINVAL; kernel: nope..; at linkinfo.data.id; accepted there: type u16",
    );
  });

  test.each([
    ["the request is cut off", ""],
    ["the request's header is cut off", "6c000000 6600"],
    ["the request claims four gigabytes", "ffffffff 6600 0500 01000000 67120000"],
    ["they are cut off", `${REQUEST_HEADER.replace("6c", "10")} 0b00 0100 6e6f`],
    ["the request claims to be shorter than its header", "00000000 6600 0500 01000000 67120000"],
  ])("that cannot be there, since %s, are none", (_, rest) => {
    expect(verdict(refusal(DETAILS, rest), request)?.code).toBe("EINVAL");
  });
});

test("an errno that is not negative is no refusal", () => {
  for (const errno of ["00000000", "05000000"])
    expect(verdict({ ...refusal(0, ""), body: hex(errno) }, request)).toBeUndefined();
});
