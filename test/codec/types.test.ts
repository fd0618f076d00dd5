/** The types that follow from a declaration: checked by the compiler, and by `bun test` not at all. */
import { expectTypeOf, test } from "bun:test";
import {
  address,
  attr,
  attrs,
  bool,
  byKind,
  bytes,
  cstring,
  flag,
  flags,
  growing,
  type Infer,
  type InferInput,
  indexed,
  message,
  oneOf,
  padding,
  repeated,
  struct,
  u8,
  u16,
  u32,
  u64,
} from "../../netlink/codec/index.ts";

const Vlan = attrs({
  id: attr(1, u16),
  size: attr(2, u64),
  name: attr(3, cstring),
  payload: attr(4, bytes),
  gateway: attr(5, address),
  hidden: attr(6, flag),
  learning: attr(7, bool),
  state: attr(8, oneOf(u8, { down: 0, up: 1 })),
  flags: attr(9, flags(u32, { one: 1, two: 2 })),
  mapping: repeated(10, struct({ from: u32, to: u32 })),
  list: attr(11, indexed(struct({ port: u16, pad: padding(2) }))),
  counters: attr(12, growing({ packets: u64, pad: u32 })),
});
type Vlan = Infer<typeof Vlan>;

test("every attribute may be absent, and has the type of its payload", () => {
  expectTypeOf<Vlan["id"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Vlan["size"]>().toEqualTypeOf<bigint | undefined>();
  expectTypeOf<Vlan["name"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Vlan["payload"]>().toEqualTypeOf<Uint8Array | undefined>();
  expectTypeOf<Vlan["gateway"]>().toEqualTypeOf<string | undefined>();
  expectTypeOf<Vlan["hidden"]>().toEqualTypeOf<true | undefined>();
  expectTypeOf<Vlan["learning"]>().toEqualTypeOf<boolean | undefined>();
  expectTypeOf<Vlan["state"]>().toEqualTypeOf<"down" | "up" | (number & {}) | undefined>();
  expectTypeOf<Vlan["flags"]>().toEqualTypeOf<readonly ("one" | "two" | (number & {}))[] | undefined>();
});

test("an attribute that may be repeated, and a list, are arrays", () => {
  expectTypeOf<Vlan["mapping"]>().toEqualTypeOf<readonly { from: number; to: number }[] | undefined>();
  expectTypeOf<Vlan["list"]>().toEqualTypeOf<readonly { port: number }[] | undefined>();
});

test("the members of a growing struct may be absent", () => {
  expectTypeOf<NonNullable<Vlan["counters"]>["packets"]>().toEqualTypeOf<bigint | undefined>();
});

const Header = struct({ family: u8, pad: padding(3) });

test("a struct has all its members but the padding", () => {
  expectTypeOf<Infer<typeof Header>>().toEqualTypeOf<{ family: number }>();
});

const Info = attrs({
  kind: attr(1, cstring),
  data: byKind(2, "kind", { vlan: attrs({ id: attr(1, u16) }), bridge: attrs({ stp: attr(5, u8) }) }),
});
type Info = Infer<typeof Info>;

test("the kind tells the data apart", () => {
  const describe = (info: Info): number | undefined => {
    if (info.kind === "vlan") {
      expectTypeOf(info.data?.id).toEqualTypeOf<number | undefined>();
      return info.data?.id;
    }
    if (info.kind === "bridge") {
      expectTypeOf(info.data?.stp).toEqualTypeOf<number | undefined>();
      return info.data?.stp;
    }
    expectTypeOf(info.data).toEqualTypeOf<undefined>();
    return undefined;
  };
  expectTypeOf(describe).returns.toEqualTypeOf<number | undefined>();
  // @ts-expect-error: a vlan has no spanning tree
  const wrong: Info = { kind: "vlan", data: { stp: 1 } };
  expectTypeOf(wrong).toEqualTypeOf<Info>();
});

const Link = message({ family: u8, index: u32 }, { mtu: attr(4, u32) });

test("a message that was read has its whole header, and one to write any part of it", () => {
  expectTypeOf<Infer<typeof Link>["index"]>().toEqualTypeOf<number>();
  expectTypeOf<Infer<typeof Link>["mtu"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<InferInput<typeof Link>["index"]>().toEqualTypeOf<number | undefined>();
  const least: InferInput<typeof Link> = {};
  // @ts-expect-error: there is no such attribute
  const wrong: InferInput<typeof Link> = { mut: 1500 };
  expectTypeOf(least).toEqualTypeOf(wrong);
});
