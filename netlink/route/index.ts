/**
 * rtnetlink: a connection with the requests about links, addresses, routes, rules, neighbours, traffic control and
 * namespaces' ids.
 */
import { Client } from "../message/client.ts";
import type { Query, Request } from "../message/request.ts";
import { openSocket } from "../socket/linux.ts";
import type { Namespace } from "../socket/namespace.ts";
import type { Transport } from "../socket/transport.ts";
import * as addresses from "./addresses.ts";
import * as bridgeLinks from "./bridge-links.ts";
import * as links from "./links.ts";
import * as namespaceIds from "./namespace-ids.ts";
import * as neighbours from "./neighbours.ts";
import * as routes from "./routes.ts";
import * as rules from "./rules.ts";
import * as classes from "./tc/classes.ts";
import * as filters from "./tc/filters.ts";
import * as qdiscs from "./tc/qdiscs.ts";

/** The ways to put a maker of requests to work: each takes what the maker takes. */
function using(client: Client) {
  return {
    /** Asks for the change. @throws KernelError */
    does:
      <Given extends unknown[]>(make: (...given: Given) => Request) =>
      (...given: Given): void =>
        client.do(make(...given)),
    /** Gives the one thing asked for. @throws KernelError */
    gets:
      <Given extends unknown[], T>(make: (...given: Given) => Query<T>) =>
      (...given: Given): T =>
        client.get(make(...given)),
    /** Gives the one thing asked for, or undefined when there is none. @throws KernelError */
    finds:
      <Given extends unknown[], T>(make: (...given: Given) => Query<T>) =>
      (...given: Given): T | undefined =>
        client.find(make(...given)),
    /** Gives all that is asked for. @throws KernelError */
    lists:
      <Given extends unknown[], T>(make: (...given: Given) => Query<T>) =>
      (...given: Given): T[] =>
        client.list(make(...given)),
  };
}

/** The topics of rtnetlink over `client`. Each function is documented where its request is made. */
function topics(client: Client) {
  const { does, gets, finds, lists } = using(client);
  return {
    /** `ip link`. */
    link: {
      create: does(links.createLink),
      set: does(links.setLink),
      delete: does(links.deleteLink),
      addNames: does(links.addLinkNames),
      deleteNames: does(links.deleteLinkNames),
      get: gets(links.getLink),
      find: finds(links.getLink),
      list: lists(links.listLinks),
    },
    /** `bridge link`, `bridge vlan`. */
    bridgeLink: {
      set: does(bridgeLinks.setBridgeLink),
      addVlans: does(bridgeLinks.addBridgeVlans),
      deleteVlans: does(bridgeLinks.deleteBridgeVlans),
      list: lists(bridgeLinks.listBridgeLinks),
    },
    /** `ip address`. */
    address: {
      add: does(addresses.addAddress),
      replace: does(addresses.replaceAddress),
      delete: does(addresses.deleteAddress),
      list: lists(addresses.listAddresses),
    },
    /** `ip route`. */
    route: {
      add: does(routes.addRoute),
      replace: does(routes.replaceRoute),
      change: does(routes.changeRoute),
      append: does(routes.appendRoute),
      delete: does(routes.deleteRoute),
      get: gets(routes.getRoute),
      list: lists(routes.listRoutes),
    },
    /** `ip rule`. */
    rule: {
      add: does(rules.addRule),
      delete: does(rules.deleteRule),
      list: lists(rules.listRules),
    },
    /** `ip neighbour`, `bridge fdb`. */
    neighbour: {
      add: does(neighbours.addNeighbour),
      replace: does(neighbours.replaceNeighbour),
      change: does(neighbours.changeNeighbour),
      append: does(neighbours.appendNeighbour),
      delete: does(neighbours.deleteNeighbour),
      get: gets(neighbours.getNeighbour),
      find: finds(neighbours.getNeighbour),
      list: lists(neighbours.listNeighbours),
    },
    /** `tc qdisc`. */
    qdisc: {
      add: does(qdiscs.addQdisc),
      replace: does(qdiscs.replaceQdisc),
      change: does(qdiscs.changeQdisc),
      delete: does(qdiscs.deleteQdisc),
      get: gets(qdiscs.getQdisc),
      find: finds(qdiscs.getQdisc),
      list: lists(qdiscs.listQdiscs),
    },
    /** `tc class`. */
    trafficClass: {
      add: does(classes.addClass),
      replace: does(classes.replaceClass),
      change: does(classes.changeClass),
      delete: does(classes.deleteClass),
      list: lists(classes.listClasses),
    },
    /** `tc filter`. */
    filter: {
      add: does(filters.addFilter),
      replace: does(filters.replaceFilter),
      change: does(filters.changeFilter),
      delete: does(filters.deleteFilters),
      get: gets(filters.getFilter),
      find: finds(filters.getFilter),
      list: lists(filters.listFilters),
    },
    /** `ip netns set`, `ip netns list-id`. */
    namespaceId: {
      set: does(namespaceIds.setNamespaceId),
      get: gets(namespaceIds.getNamespaceId),
      list: lists(namespaceIds.listNamespaceIds),
    },
  };
}

/** A connection to rtnetlink, closed by `using` or `close`. */
export type RouteConnection = ReturnType<typeof topics> &
  Disposable & {
    /** For several requests in one datagram, and for requests made elsewhere. */
    readonly client: Client;
    close(): void;
  };

/** Speaks rtnetlink over `transport`, which closes with the connection. */
export function routeOver(transport: Transport): RouteConnection {
  const client = new Client(transport);
  const close = (): void => transport.close();
  return { ...topics(client), client, close, [Symbol.dispose]: close };
}

/**
 * Opens a connection to rtnetlink of a network namespace, the current one unless given.
 *
 *     using route = openRoute({ namespace });
 *     for (const link of route.link.list()) console.log(link.ifname);
 *
 * @throws SystemError
 */
export function openRoute(options: { namespace?: Namespace } = {}): RouteConnection {
  return routeOver(openSocket({ protocol: "route", ...options }));
}
