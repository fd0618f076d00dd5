/** DHCP options: their numbers, and the values of those that a client reads (RFC 2132, RFC 3397, RFC 3442). */
import { DecodeError } from "../../../netlink/errors.ts";
import { formatAddress } from "../../../netlink/wire/address.ts";
import { networkOf } from "../../../netlink/wire/cidr.ts";
import { Reader } from "../../../netlink/wire/reader.ts";

/** Options by number, values as they stand on the wire. */
export type Options = ReadonlyMap<number, Uint8Array>;

/** The options that this client speaks of by name. */
export const OPTION = {
  pad: 0,
  subnetMask: 1,
  router: 3,
  domainNameServer: 6,
  hostName: 12,
  domainName: 15,
  staticRoute: 33,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverIdentifier: 54,
  parameterRequestList: 55,
  message: 56,
  maximumMessageSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientIdentifier: 61,
  userClass: 77,
  domainSearch: 119,
  classlessRoute: 121,
  end: 255,
} as const;

/** Message types by their numbers in option 53. */
export const TYPE = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;
export type MessageType = keyof typeof TYPE;

/** Reads one option's value whole. @throws DecodeError with the option's number in its path */
function readOption<T>(options: Options, number: number, read: (reader: Reader) => T): T | undefined {
  const value = options.get(number);
  if (value === undefined) return undefined;
  const reader = new Reader(value);
  return reader.under(`option ${number}`, () => {
    const result = read(reader);
    if (reader.left > 0) throw new DecodeError("longer than its value", reader.position);
    return result;
  });
}

const readAddress = (reader: Reader): string => formatAddress(reader.copy(4));

function readAll<T>(reader: Reader, read: (reader: Reader) => T): T[] {
  const all: T[] = [];
  do all.push(read(reader));
  while (reader.left > 0);
  return all;
}

/** The message's type; a number that has no name here is none. @throws DecodeError */
export function messageType(options: Options): MessageType | undefined {
  const number = readOption(options, OPTION.messageType, (reader) => reader.view.getUint8(reader.take(1)));
  return (Object.keys(TYPE) as MessageType[]).find((name) => TYPE[name] === number);
}

/** A time in seconds. @throws DecodeError */
export const seconds = (options: Options, number: number): number | undefined =>
  readOption(options, number, (reader) => reader.view.getUint32(reader.take(4)));

/** One address. @throws DecodeError */
export const address = (options: Options, number: number): string | undefined =>
  readOption(options, number, readAddress);

/** One address or more, the preferred first. @throws DecodeError */
export const addresses = (options: Options, number: number): string[] =>
  readOption(options, number, (reader) => readAll(reader, readAddress)) ?? [];

/** Text, without the NUL bytes that some servers end it with. */
export function text(options: Options, number: number): string | undefined {
  const value = options.get(number);
  return value && new TextDecoder().decode(value).replace(/\0+$/, "");
}

/** The prefix length of the subnet mask. @throws DecodeError when its bits have gaps */
export const prefixLength = (options: Options): number | undefined =>
  readOption(options, OPTION.subnetMask, (reader) => {
    const mask = reader.view.getUint32(reader.take(4));
    const prefix = Math.clz32(~mask);
    if (prefix < 32 && mask << prefix !== 0) throw new DecodeError("a mask with gaps", 0);
    return prefix;
  });

/** A destination with its prefix length, and the router to it; 0.0.0.0 means that it is on the link. */
export interface OptionRoute {
  readonly destination: string;
  readonly router: string;
}

/** The prefix length of an address before there were any: by its class (RFC 791). */
function classOf(first: number): number {
  if (first < 128) return 8;
  return first < 192 ? 16 : 24;
}

/** Routes to networks of the old classes (option 33). @throws DecodeError */
export const staticRoutes = (options: Options): OptionRoute[] =>
  readOption(options, OPTION.staticRoute, (reader) =>
    readAll(reader, () => {
      const destination = reader.copy(4);
      const network = networkOf({ bytes: destination, prefix: classOf(destination[0]!) });
      return { destination: network, router: readAddress(reader) };
    }),
  ) ?? [];

/** Routes to networks of any prefix length (option 121): of a destination only the bytes that count are there. @throws DecodeError */
export const classlessRoutes = (options: Options): OptionRoute[] =>
  readOption(options, OPTION.classlessRoute, (reader) =>
    readAll(reader, () => {
      const prefix = reader.view.getUint8(reader.take(1));
      if (prefix > 32) throw new DecodeError(`a prefix of ${prefix} bits`, reader.position - 1);
      const destination = new Uint8Array(4);
      destination.set(reader.copy(Math.ceil(prefix / 8)));
      return { destination: networkOf({ bytes: destination, prefix }), router: readAddress(reader) };
    }),
  ) ?? [];

/** Domains to search, compressed as in DNS messages: a label that begins with two set bits points back. @throws DecodeError */
export const searchDomains = (options: Options): string[] =>
  readOption(options, OPTION.domainSearch, (reader) => readAll(reader, readDomain)) ?? [];

function readDomain(reader: Reader): string {
  const labels: string[] = [];
  let after: number | undefined;
  for (;;) {
    const start = reader.take(1);
    const length = reader.bytes[start]!;
    if (length === 0) break;
    if (length < 64) labels.push(new TextDecoder().decode(reader.copy(length)));
    else {
      const target = ((length & 63) << 8) | reader.bytes[reader.take(1)]!;
      // Only backwards: pointers cannot go round in a circle then.
      if (length < 192 || target >= start) throw new DecodeError("a pointer that leads nowhere", start);
      after ??= reader.position;
      reader.position = target;
    }
    if (labels.length > 127) throw new DecodeError("a name of more than 127 labels", start);
  }
  if (after !== undefined) reader.position = after;
  return labels.join(".");
}
