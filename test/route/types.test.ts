/** What the compiler knows of rtnetlink: kinds told apart, input smaller than output, makers kept by the connection. */
import { expectTypeOf, test } from "bun:test";
import type { RouteConnection } from "../../netlink/route/index.ts";
import type { Bridge } from "../../netlink/route/link/bridge.ts";
import type { Link, LinkInput } from "../../netlink/route/links.ts";
import type { Route } from "../../netlink/route/routes.ts";

test("attributes may be absent, header members of what was read are there", () => {
  expectTypeOf<Link["mtu"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Link["index"]>().toEqualTypeOf<number>();
  expectTypeOf<LinkInput["index"]>().toEqualTypeOf<number | undefined>();
});

test("the kind tells what the data is", () => {
  type Info = NonNullable<Link["linkinfo"]>;
  type BridgeData = NonNullable<Extract<Info, { kind: "bridge" }>["data"]>;
  type VethData = NonNullable<Extract<Info, { kind: "veth" }>["data"]>;
  expectTypeOf<BridgeData>().toEqualTypeOf<Bridge>();
  expectTypeOf<VethData["peer"]>().toEqualTypeOf<LinkInput | undefined>();
});

test("a connection's functions take what the makers take, and give what the kernel tells", () => {
  expectTypeOf<RouteConnection["link"]["create"]>().toEqualTypeOf<(link: LinkInput) => void>();
  expectTypeOf<RouteConnection["route"]["list"]>().returns.toEqualTypeOf<Route[]>();
  expectTypeOf<RouteConnection["link"]["find"]>().returns.toEqualTypeOf<Link | undefined>();
});
