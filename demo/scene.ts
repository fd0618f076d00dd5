/** What the demo is about: a host with three containers on one network, and a neighbour outside. */
import type { Answer, Place } from "./place.ts";
import type { State } from "./state.ts";

/** A container that is attached to the network. */
export interface Container {
  readonly name: string;
  /** The container's id for the network. */
  readonly id: string;
  /** Its address with the prefix length. */
  readonly address: string;
  readonly mac: string;
  /** What was asked for when it was attached. */
  readonly wish: string;
  readonly place: Place;
}

export interface Scene {
  readonly host: Place;
  /** A machine that has no route but that to the host's cable. */
  readonly outside: Place;
  /** The addresses of both ends of the cable. */
  readonly hostAddress: string;
  readonly outsideAddress: string;
  /** Of the first of them the host publishes a port. */
  readonly containers: readonly Container[];
  readonly state: State;
}

/** Where containers answer, the port of the host that leads to the first of them, one that nobody publishes. */
export const CONTAINER_PORT = 80;
export const HOST_PORT = 8080;
export const UNPUBLISHED_PORT = 8081;

/** The three containers, in the order in which they are attached, and what is asked for each. */
export const wishes = {
  web: { words: `publishes port ${HOST_PORT}` },
  db: { words: "asked for this IP", ip: "10.87.1.50" },
  cache: { words: "asked for this MAC", mac: "02:00:00:00:00:03" },
} as const;
export type Name = keyof typeof wishes;
export const names = Object.keys(wishes) as readonly Name[];

/** Where the neighbour outside answers. */
export const OUTSIDE_PORT = 7000;

/** An address without its prefix length. */
export const bare = (address: string): string => address.split("/")[0]!;

/** What an answer says, in words. */
export function inWords(answer: Answer | undefined): string {
  if (answer === undefined) return "no answer";
  return `${answer.name} answers${answer.asker === undefined ? "" : `, asked by ${answer.asker}`}`;
}
