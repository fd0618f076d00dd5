/** The body of a netlink message: a fixed header, then attributes. */

import { type Attrs, type AttrsValue, attributeTable, block, type Rows } from "./attrs.ts";
import type { Codec } from "./codec.ts";
import { type StructInput, type StructValue, struct, writeMember } from "./struct.ts";

type Members = Readonly<Record<string, Codec<unknown>>>;

/** A message as read: header members and attributes side by side. */
export type MessageValue<H extends Members, R extends Rows> = StructValue<H> & AttrsValue<R>;
/** A message to write: header members that are left out are zero. */
export type MessageInput<H extends Members, R extends Rows> = {
  [K in keyof StructInput<H>]?: StructInput<H>[K] | undefined;
} & AttrsValue<R, "in">;

/** The codec of a message, with what it was made of. */
export interface Message<H extends Members, R extends Rows>
  extends Codec<MessageValue<H, R>, MessageInput<H, R>> {
  readonly header: H;
  readonly rows: R;
}

/** A message with a header of fixed size, whose members and attributes make one flat object. */
export function message<const H extends Members, const R extends Rows>(header: H, rows: R): Message<H, R> {
  // Made on first use, as tables are.
  let parts: { fixed: Codec<Record<string, unknown>>; keys: ReadonlySet<string>; table: Attrs } | undefined;
  const use = () =>
    (parts ??= {
      fixed: struct(header) as Codec<unknown> as Codec<Record<string, unknown>>,
      keys: new Set(Object.keys(header)),
      table: attributeTable(rows),
    });

  const codec: Codec<Record<string, unknown>> & { header: H; rows: R } = {
    word: "message",
    composite: true,
    header,
    rows,
    write(writer, value) {
      for (const [key, member] of Object.entries(header)) {
        if (value[key] === undefined) writer.take(member.size ?? 0);
        else writeMember(writer, key, member, value[key]);
      }
      writer.align();
      use().table.write(writer, value, use().keys);
    },
    read(reader) {
      const value = use().fixed.read(reader);
      reader.position = Math.min((reader.position + 3) & ~3, reader.end);
      use().table.read(reader, value);
      return value;
    },
    show(value) {
      const shown = Object.entries(header)
        .filter(([key]) => value[key] !== undefined)
        .map(([key, member]) => `${key} ${member.show(value[key])}`);
      return block([...shown, ...use().table.show(value)]);
    },
    sample(random) {
      const value = use().fixed.sample(random);
      use().table.sample(random, value);
      return value;
    },
  };
  return codec as Codec<unknown> as Message<H, R>;
}
