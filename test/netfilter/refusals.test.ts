/** What the kernel says when it refuses a change, captured from nft: the errno, and the attribute by its path. */
import { expect, test } from "bun:test";
import { decode } from "../../netlink/codec/index.ts";
import { verdict } from "../../netlink/message/ack.ts";
import { messagesIn } from "../../netlink/message/header.ts";
import type { Request } from "../../netlink/message/request.ts";
import { netfilterMessages } from "../../netlink/netfilter/messages.ts";
import { fixture } from "../fixtures.ts";

/** The request of a captured batch that has this sequence number. */
function requestIn(batch: string, sequence: number): Request {
  const message = messagesIn(fixture("netfilter", batch).bytes).messages.find(
    (each) => each.sequence === sequence,
  );
  const known = message && netfilterMessages.get(message.type);
  if (known === undefined) throw new Error(`${batch} has no request ${sequence}`);
  const body = decode(known.codec, message!.body, "toKernel");
  return { operation: known.name, type: message!.type, flags: message!.flags, codec: known.codec, body };
}

// The offsets beside NLMSGERR_ATTR_OFFS in the captures, and what stands there in the requests.
const refusals = {
  "chain-busy": ["delchain", "EBUSY", "name"],
  "chain-exists": ["newchain", "EEXIST", "name"],
  "chain-target-not-found": ["newrule", "ENOENT", "expressions.0"],
  "chain-type-unfit": ["newchain", "EOPNOTSUPP", undefined],
  "element-exists": ["newsetelem", "EEXIST", "elements.0"],
  "element-mapped-otherwise": ["newsetelem", "EEXIST", "elements.0"],
  "element-not-found": ["delsetelem", "ENOENT", "elements.0"],
  "rule-not-found": ["delrule", "ENOENT", "handle"],
  "rule-unfit-for-chain": ["newrule", "EOPNOTSUPP", undefined],
  "set-busy": ["delset", "EBUSY", "name"],
  "table-exists": ["newtable", "EEXIST", "name"],
} as const;

test.each(Object.entries(refusals))("%s", (name, [operation, code, at]) => {
  const [message] = messagesIn(fixture("netfilter", `firewall-error-${name}`).bytes).messages;
  const error = verdict(message!, requestIn(`firewall-error-${name}-batch`, message!.sequence));
  expect(error).toMatchObject({ operation, code });
  expect(error?.at).toBe(at);
});
