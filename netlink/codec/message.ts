/** The body of a netlink message: a fixed header, then attributes. */

import { AttributeTable, block } from "./attrs.ts";
import type { Codec } from "./codec.ts";
import type { AttrsValue, Lazy, Rows } from "./rows.ts";
import { type StructInput, type StructValue, struct } from "./struct.ts";

type Members = Readonly<Record<string, Codec<unknown>>>;

/** A message as read: header members and attributes side by side. */
export type MessageValue<H extends Members, R extends Rows> = StructValue<H> & AttrsValue<R>;
/** A message to write: header members that are left out are zero. */
export type MessageInput<H extends Members, R extends Rows> = {
  [K in keyof StructInput<H>]?: StructInput<H>[K] | undefined;
} & AttrsValue<R, "in">;

/** The codec of a message, with what it is made of. */
export interface Message<H extends Members, R extends Rows>
  extends Codec<MessageValue<H, R>, MessageInput<H, R>> {
  readonly header: H;
  readonly rows: R;
}

/** @param others what becomes of attributes without a row when they are read */
function messageOf<const H extends Members, const R extends Rows>(
  header: H,
  rows: Lazy<R>,
  others: "kept" | "passed over",
): Message<H, R> {
  const members = Object.entries(header);
  const table = new AttributeTable(rows, others);
  // Made on first use: importing seven kinds of message would take 0.1 ms longer.
  let keys: ReadonlySet<string> | undefined;
  let fixed: Codec<Record<string, unknown>> | undefined;
  const headerCodec = () => (fixed ??= struct(header) as Codec<unknown> as Codec<Record<string, unknown>>);

  const codec: Codec<Record<string, unknown>> & { header: H; rows: R } = {
    word: "message",
    composite: true,
    header,
    get rows() {
      return table.rows;
    },
    write(writer, value) {
      keys ??= new Set(Object.keys(header));
      for (const [key, member] of members) {
        if (value[key] === undefined) writer.take(member.size ?? 0);
        else writer.under(key, () => member.write(writer, value[key]));
      }
      writer.align();
      table.write(writer, value, keys);
    },
    read(reader) {
      const value = headerCodec().read(reader);
      reader.align();
      table.read(reader, value);
      return value;
    },
    show(value) {
      const shown = members
        .filter(([key]) => value[key] !== undefined)
        .map(([key, member]) => `${key} ${member.show(value[key])}`);
      return block([...shown, ...table.show(value)]);
    },
    sample(random) {
      const value = headerCodec().sample(random);
      table.sample(random, value);
      return value;
    },
  };
  return codec as Codec<unknown> as Message<H, R>;
}

/** A message with a header of fixed size, whose members and attributes make one flat object. */
export const message = <const H extends Members, const R extends Rows>(
  header: H,
  rows: Lazy<R>,
): Message<H, R> => messageOf(header, rows, "kept");

/**
 * A message of which only these attributes are read, and all others passed over: for programs that look once and end.
 * A link has some 200 values, of which a caller wants five: reading those takes a tenth of the time.
 * @returns a codec for replies; it writes nothing
 */
export const summary = <const H extends Members, const R extends Rows>(
  header: H,
  rows: Lazy<R>,
): Codec<MessageValue<H, R>, never> => messageOf(header, rows, "passed over");
