/** Captured messages mean what the command beside them says, written down by hand in `fixtures/netfilter/`. */
import { describe, expect, test } from "bun:test";
import { connections } from "../../fixtures/netfilter/connections.ts";
import { rules } from "../../fixtures/netfilter/rules.ts";
import { elements, sets } from "../../fixtures/netfilter/sets-and-elements.ts";
import { chains, generations, tables } from "../../fixtures/netfilter/tables-and-chains.ts";
import { decode } from "../../netlink/codec/index.ts";
import { messagesIn } from "../../netlink/message/header.ts";
import { netfilterMessages } from "../../netlink/netfilter/messages.ts";
import { fixture } from "../fixtures.ts";

/** A message without what the kernel draws: the generation in the header, and the id of a connection. */
function withoutDrawn(value: Record<string, unknown>): Record<string, unknown> {
  const { version, resourceId, id, ...rest } = value;
  return id === undefined || "tupleOrig" in rest ? rest : { ...rest, id };
}

describe.each(Object.entries({ tables, chains, generations, rules, sets, elements, connections }))(
  "%s",
  (_, meanings) => {
    test.each(Object.entries(meanings))("%s", (name, meaning) => {
      const { bytes, direction } = fixture("netfilter", name);
      const [message] = messagesIn(bytes).messages;
      const { codec } = netfilterMessages.get(message!.type)!;
      const value = decode(codec, message!.body, direction) as Record<string, unknown>;
      expect(withoutDrawn(value)).toEqual(meaning);
    });
  },
);
