/** Entry `@flatnet/netlink/netfilter`: requests to nf_tables and conntrack as data, and the words that rules are made of. */
export * from "../netfilter/chains.ts";
export * from "../netfilter/connection.ts";
export * from "../netfilter/connection-filter.ts";
export * from "../netfilter/conntrack.ts";
export * from "../netfilter/data.ts";
export * from "../netfilter/datatype.ts";
export * from "../netfilter/elements.ts";
export * from "../netfilter/expression/index.ts";
export * from "../netfilter/field.ts";
export * from "../netfilter/generation.ts";
export * from "../netfilter/interval.ts";
export * from "../netfilter/rule.ts";
export * from "../netfilter/rules.ts";
export * from "../netfilter/sets.ts";
export * from "../netfilter/tables.ts";
