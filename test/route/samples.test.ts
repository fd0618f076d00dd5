/** Whatever values the tables allow are read back as they were written, and can be told stretch by stretch. */
import { expect, test } from "bun:test";
import { annotate, type Codec, decode, encode, Random } from "../../netlink/codec/index.ts";
import { Bridge } from "../../netlink/route/link/bridge.ts";
import { BridgePort } from "../../netlink/route/link/bridge-port.ts";
import { routeMessages } from "../../netlink/route/messages.ts";

const SEEDS = Array.from({ length: 300 }, (_, index) => index + 1);

const codecs = new Map<string, Codec<unknown>>([
  ["bridge", Bridge],
  ["bridge port", BridgePort],
]);
for (const { name, codec, bridge } of routeMessages.values()) {
  codecs.set(name, codec);
  if (bridge !== undefined) codecs.set(`${name} of the family bridge`, bridge);
}

test.each([...codecs])("samples of %s", (_, codec) => {
  for (const seed of SEEDS) {
    const sample = codec.sample(new Random(seed));
    const bytes = encode(codec, sample);
    expect(decode(codec, bytes, "toKernel"), `seed ${seed}`).toEqual(sample);
    expect(annotate(codec, bytes, "toKernel"), `seed ${seed}`).not.toContain("cannot be read");
  }
});
