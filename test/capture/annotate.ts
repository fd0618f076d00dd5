/** Takes captured messages apart into lines: headers, structs and attributes with the kernel's names beside them. */
import { constant, enumWith, errnoName, structOf } from "./headers.ts";
import { align, flagNames, messagesOf, typeName, view } from "./messages.ts";
import { families } from "./route.ts";
import type { Shape } from "./shape.ts";
import { bodies, shapes } from "./shapes.ts";
import { structText, text, valueText } from "./values.ts";

/** Bytes that belong together, in parts: a head, a payload, padding. */
type Line = { depth: number; parts: Uint8Array[]; comment: string };
type Lines = Generator<Line>;

/** What is known from outside the attributes at hand. */
type Context = { littleEndian: boolean; family: number };

const NLA_TYPE = 0x3fff;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;

/** The readable lines of a datagram's messages. */
export function annotate(protocol: string, datagram: Uint8Array): string[] {
  return messagesOf(datagram).flatMap(({ bytes }) => [...message(protocol, bytes)].flatMap(render));
}

const COMMENT_COLUMN = 56;
const ROW = 16;

/** Sixteen bytes a line; parts are set apart by a second space; the comment stands on the first line. */
function render({ depth, parts, comment }: Line): string[] {
  const [head, payload, padding] = parts.filter((part) => part.length > 0);
  const body = [head, payload].flatMap((part) => (part ? rowsOf(part) : []));
  const fits = parts.reduce((total, part) => total + part.length, 0) <= ROW;
  const rows = fits ? [body.flat()] : body;
  if (padding) rows.at(-1)?.push(padding);
  return rows.map((row, index) => {
    const hex = row
      .map((part) =>
        Buffer.from(part)
          .toString("hex")
          .replace(/..(?=.)/g, "$& "),
      )
      .join("  ");
    if (index > 0) return `${"  ".repeat(depth + 1)}${hex}`;
    return `${("  ".repeat(depth) + hex).padEnd(COMMENT_COLUMN - 1)} # ${"  ".repeat(depth)}${comment}`.trimEnd();
  });
}

function rowsOf(bytes: Uint8Array): Uint8Array[][] {
  const rows = [];
  for (let at = 0; at < bytes.length; at += ROW) rows.push([bytes.subarray(at, at + ROW)]);
  return rows;
}

const line = (parts: Uint8Array[], comment: string): Line => ({ depth: 0, parts, comment });

function* deeper(lines: Lines): Lines {
  for (const line of lines) yield { ...line, depth: line.depth + 1 };
}

function* message(protocol: string, bytes: Uint8Array): Lines {
  const header = view(bytes);
  const type = header.getUint16(4, true);
  const flags = header.getUint16(6, true);
  const name = typeName(protocol, type);
  const length = `${header.getUint32(0, true)} bytes`;
  const numbers = `sequence ${header.getUint32(8, true)}, port ${header.getUint32(12, true)}`;
  yield line([bytes.subarray(0, 16)], `nlmsghdr: ${name}, ${flagNames(name, flags)}, ${length}, ${numbers}`);
  const body = bytes.subarray(16);
  if (type === NLMSG_ERROR || type === NLMSG_DONE) yield* acknowledgement(protocol, type, flags, body);
  else if (body.length > 0) yield* payload(protocol, name, body);
}

/** A struct, then attributes. Old programs send only the family where a dump is asked for. */
function* payload(protocol: string, type: string, bytes: Uint8Array): Lines {
  const [, struct, member] = bodies.find(([pattern]) => pattern.test(type)) ?? [];
  if (struct === undefined || member === undefined) return yield line([bytes], "");
  if (bytes.length < structOf(struct).size) return yield line([bytes], `rtgenmsg: rtgen_family ${bytes[0]}`);
  yield* many({ is: "nest", member, struct }, bytes, {
    littleEndian: protocol !== "netfilter",
    family: bytes[0]!,
  });
}

/** An error or the end of a dump: the errno, the request it answers, the extended ack in the machine's byte order. */
function* acknowledgement(protocol: string, type: number, flags: number, bytes: Uint8Array): Lines {
  const errno = view(bytes).getInt32(0, true);
  yield line([bytes.subarray(0, 4)], errno === 0 ? "error 0" : `error ${errno}, ${errnoName(-errno)}`);
  let rest = bytes.subarray(4);
  if (type === NLMSG_ERROR) {
    const capped = (flags & constant("NLM_F_CAPPED")) !== 0;
    const length = capped ? 16 : align(view(rest).getUint32(0, true));
    yield* deeper(message(protocol, rest.subarray(0, length)));
    rest = rest.subarray(length);
  }
  if (flags & constant("NLM_F_ACK_TLVS"))
    yield* many({ is: "nest", member: "NLMSGERR_ATTR_MSG" }, rest, { littleEndian: true, family: 0 });
}

type Many = Extract<Shape, { is: "nest" | "each" | "families" }>;

/** The name and the payload's shape of attribute `type` among others of `shape`. */
function attribute(shape: Many, type: number): { name: string; shape: Shape | undefined } {
  if (shape.is === "each") return shape;
  if (shape.is === "families")
    return families.get(type) ?? { name: `family ${type}`, shape: { is: "bytes" } };
  const name = enumWith(shape.member).get(type);
  return name
    ? { name, shape: shapes[name] }
    : { name: `attribute ${type}, newer than the headers that name the others`, shape: { is: "bytes" } };
}

/** The attributes of a nest, after its struct if it has one. */
function* many(shape: Many, bytes: Uint8Array, context: Context): Lines {
  const struct = shape.is === "nest" ? shape.struct : undefined;
  const start = struct ? align(structOf(struct).size) : 0;
  if (struct) yield line([bytes.subarray(0, start)], `${struct}: ${structText(struct, bytes)}`);
  const beside = new Map<string, string>();
  for (let at = start; at + 4 <= bytes.length; ) {
    const length = view(bytes).getUint16(at, true);
    const end = Math.min(at + align(length), bytes.length);
    if (length < 4 || at + length > bytes.length) return yield line([bytes.subarray(at)], "");
    const parts = [
      bytes.subarray(at, at + 4),
      bytes.subarray(at + 4, at + length),
      bytes.subarray(at + length, end),
    ];
    const type = view(bytes).getUint16(at + 2, true);
    const { name, shape: known } = attribute(shape, type & NLA_TYPE);
    if (known?.is === "string") beside.set(name, text(parts[1]!));
    yield* one(
      type & constant("NLA_F_NESTED") ? `${name}, nested flag` : name,
      known?.is === "choose" ? known.of(beside, context.family) : known,
      parts,
      context,
    );
    at = end;
  }
}

/** One attribute: its header alone and what is inside, or all of it on a line. */
function* one(title: string, shape: Shape | undefined, parts: Uint8Array[], context: Context): Lines {
  const [head, inner] = parts as [Uint8Array, Uint8Array];
  switch (shape?.is) {
    case "nest":
    case "each":
    case "families":
      yield line([head], title);
      return yield* deeper(many(shape, inner, context));
    case "nexthops":
      yield line([head], title);
      return yield* deeper(nextHops(inner, context));
    default:
      yield line(parts, `${title} ${valueText(shape, inner, context.littleEndian)}`.trimEnd());
  }
}

function* nextHops(bytes: Uint8Array, context: Context): Lines {
  for (let at = 0; at + 8 <= bytes.length; ) {
    const hop = bytes.subarray(at, at + view(bytes).getUint16(at, true));
    yield line([hop.subarray(0, 8)], `rtnexthop: ${structText("rtnexthop", hop)}`);
    yield* deeper(many({ is: "nest", member: "RTA_DST" }, hop.subarray(8), context));
    at += align(hop.length);
  }
}
