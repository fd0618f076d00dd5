/** Payloads that refer to themselves, or that differ by the direction in which the message travels. */
import type { Direction } from "../wire/direction.ts";
import type { Codec } from "./codec.ts";

/** A codec that is named before it is made: a payload that can hold itself. */
export function recursive<Out, In = Out>(make: () => Codec<Out, In>): Codec<Out, In> {
  let made: Codec<Out, In> | undefined;
  const codec = (): Codec<Out, In> => (made ??= make());
  return {
    word: "recursive",
    composite: true,
    write: (writer, value) => codec().write(writer, value),
    read: (reader) => codec().read(reader),
    show: (value) => codec().show(value),
    sample: (random) => codec().sample(random),
  };
}

/** A payload that the kernel takes in one form and gives in another. Samples are of the form it takes. */
export function asym<Out, In = Out>(toKernel: Codec<Out, In>, fromKernel: Codec<Out, In>): Codec<Out, In> {
  const side = (direction: Direction): Codec<Out, In> => (direction === "toKernel" ? toKernel : fromKernel);
  return {
    word: `asym(${toKernel.word}, ${fromKernel.word})`,
    ...(toKernel.composite && fromKernel.composite && { composite: true }),
    write: (writer, value) => side(writer.direction).write(writer, value),
    read: (reader) => side(reader.direction).read(reader),
    show: (value) => fromKernel.show(value),
    sample: (random) => toKernel.sample(random),
  };
}
