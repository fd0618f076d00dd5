/** Entry `@flatnet/netlink/route`: the requests to rtnetlink as data, and what their messages look like. */
export * from "../route/addresses.ts";
export * from "../route/bridge-links.ts";
export * from "../route/link/link.ts";
export * from "../route/links.ts";
export * from "../route/names.ts";
export * from "../route/namespace-ids.ts";
export * from "../route/neighbours.ts";
export * from "../route/route.ts";
export * from "../route/routes.ts";
export * from "../route/rules.ts";
