/** What the kernel says to a request: fine, or an errno with, where it can, a sentence and the attribute meant. */
import { notesOf } from "../codec/annotate.ts";
import { attrs } from "../codec/attrs.ts";
import { type Codec, decode, encode, type Infer } from "../codec/codec.ts";
import { s32, s64, u32, u64 } from "../codec/integers.ts";
import { oneOf } from "../codec/names.ts";
import { attr, type Rows } from "../codec/rows.ts";
import { bytes, cstring } from "../codec/strings.ts";
import { DecodeError, KernelError } from "../errors.ts";
import { aligned } from "../wire/align.ts";
import { errnoName } from "../wire/errno.ts";
import { HEADER_LENGTH, headerAt, type Message, NLM_F, NLMSG_DONE, NLMSG_ERROR } from "./header.ts";
import type { Request } from "./request.ts";

/** What an attribute may hold, as the kernel's policy has it (enum netlink_policy_type_attr). */
export const Policy = attrs(() => ({
  type: attr(
    1,
    oneOf(u32, {
      invalid: 0,
      flag: 1,
      u8: 2,
      u16: 3,
      u32: 4,
      u64: 5,
      s8: 6,
      s16: 7,
      s32: 8,
      s64: 9,
      binary: 10,
      string: 11,
      nulString: 12,
      nested: 13,
      nestedArray: 14,
      bitfield32: 15,
      sint: 16,
      uint: 17,
    }),
  ),
  minSigned: attr(2, s64),
  maxSigned: attr(3, s64),
  minUnsigned: attr(4, u64),
  maxUnsigned: attr(5, u64),
  minLength: attr(6, u32),
  maxLength: attr(7, u32),
  policyIndex: attr(8, u32),
  maxType: attr(9, u32),
  bitfield32Mask: attr(10, u32),
  mask: attr(12, u64),
}));

/** The attributes of an extended ack (enum nlmsgerr_attrs). Offsets count from the request's header. */
export const ExtendedAck = attrs(() => ({
  message: attr(1, cstring),
  offset: attr(2, u32),
  cookie: attr(3, bytes),
  policy: attr(4, Policy),
  missingType: attr(5, u32),
  missingNest: attr(6, u32),
}));
type ExtendedAck = Infer<typeof ExtendedAck>;

/** What an NLMSG_ERROR or NLMSG_DONE consists of. */
export interface AckParts {
  /** 0, or a negative error number. */
  readonly errno: number;
  /** The request that is answered, or only its header; empty at the end of a dump. */
  readonly request: Uint8Array;
  /** The attributes of the extended ack. */
  readonly details: Uint8Array;
}

/** @throws DecodeError when there is not even an errno */
export function ackParts({ type, flags, body }: Message): AckParts {
  const errno = decode(s32, body.subarray(0, 4));
  let end = 4;
  if (type === NLMSG_ERROR && body.length >= end + HEADER_LENGTH) {
    const length = flags & NLM_F.capped ? HEADER_LENGTH : headerAt(body.subarray(end)).length;
    end = Math.min(end + length, body.length);
  }
  const details = flags & NLM_F.ackAttributes ? aligned(end) : body.length;
  return { errno, request: body.subarray(4, end), details: body.subarray(details) };
}

/** The details, or none when they cannot be read: the errno that they go with is worth more than an error about them. */
function readDetails(details: Uint8Array): ExtendedAck {
  try {
    return decode(ExtendedAck, details);
  } catch (error) {
    if (error instanceof DecodeError) return {};
    throw error;
  }
}

/** The path of the attribute that starts at `offset` of the request, counted from its header. */
function pathAt(request: Request, offset: number): string[] | undefined {
  const body = encode(request.codec, request.body);
  const note = notesOf(request.codec, body, "toKernel").find(
    (note) => note.offset === offset - HEADER_LENGTH,
  );
  return note && [...note.path];
}

type WithRows = Codec<unknown> & { readonly rows?: Rows };

/** The name of attribute `number` in the nest at `path`. */
function attributeName(codec: WithRows, path: readonly string[], number: number): string {
  let rows = codec.rows;
  for (const key of path) {
    const row = rows?.[key];
    rows = row && "codec" in row ? (row.codec as WithRows).rows : undefined;
  }
  const name = Object.entries(rows ?? {}).find(([, row]) => row.number === number)?.[0];
  return [...path, name ?? `attribute ${number}`].join(".");
}

function describePolicy(policy: ExtendedAck["policy"]): string | undefined {
  return (
    policy &&
    Policy.show(policy)
      .replace(/[{}]/g, "")
      .trim()
      .replace(/\s*\n\s*/g, ", ")
  );
}

function whereIn(request: Request, said: ExtendedAck): string | undefined {
  if (said.missingType !== undefined) {
    const nest = said.missingNest === undefined ? [] : (pathAt(request, said.missingNest) ?? []);
    return `${attributeName(request.codec, nest, said.missingType)} (missing)`;
  }
  return said.offset === undefined ? undefined : pathAt(request, said.offset)?.join(".");
}

/** ENOENT and ENODEV. */
const ABSENT: readonly number[] = [2, 19];

/** Whether a refusal says that there is no such thing. To ask this first saves making an error, 0.3 ms in a new process. */
export const saysAbsent = (message: Message): boolean => ABSENT.includes(-ackParts(message).errno);

/**
 * What an NLMSG_ERROR or NLMSG_DONE message says to `request`: undefined when all is well.
 * @throws DecodeError when the message is too short to say anything
 */
export function verdict(message: Message, request: Request): KernelError | undefined {
  // The end of a dump may come without an errno, from kernels that have nothing to say.
  if (message.type === NLMSG_DONE && message.body.length < 4) return undefined;
  const { errno, details } = ackParts(message);
  if (errno >= 0) return undefined;
  const said = readDetails(details);
  return new KernelError(
    request.operation,
    errnoName(-errno),
    said.message,
    whereIn(request, said),
    describePolicy(said.policy),
  );
}
