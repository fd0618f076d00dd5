/** Expressions: the steps of a rule, each a name and the data that go with it (enum nft_expr_attributes). */
import { attr, attrs, byKind, cstring, type Infer } from "../../codec/index.ts";
import { nestedList } from "../nfnetlink.ts";
import { Bitwise } from "./bitwise.ts";
import { Cmp } from "./cmp.ts";
import { Extension } from "./compat.ts";
import { Counter } from "./counter.ts";
import { Ct } from "./ct.ts";
import { Fib } from "./fib.ts";
import { Immediate } from "./immediate.ts";
import { Limit } from "./limit.ts";
import { Lookup } from "./lookup.ts";
import { Meta } from "./meta.ts";
import { Masq, Nat, Redir } from "./nat.ts";
import { Payload } from "./payload.ts";
import { Range } from "./range.ts";
import { Reject } from "./reject.ts";

/** The kinds that are described here, by the kernel's names. Others keep their name, and their data unread. */
export const expressionKinds = {
  bitwise: Bitwise,
  cmp: Cmp,
  counter: Counter,
  ct: Ct,
  fib: Fib,
  immediate: Immediate,
  limit: Limit,
  lookup: Lookup,
  masq: Masq,
  match: Extension,
  meta: Meta,
  nat: Nat,
  payload: Payload,
  range: Range,
  redir: Redir,
  reject: Reject,
  target: Extension,
};

/** One step: `{ name: "meta", data: { key: "l4proto", dreg: 1 } }`. */
export const Expression = attrs(() => ({
  name: attr(1, cstring),
  data: byKind(2, "name", expressionKinds, "toKernel"),
}));
export type Expression = Infer<typeof Expression>;

export const Expressions = nestedList(Expression);
