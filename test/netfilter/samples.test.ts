/** Whatever can be written reads back as itself. */
import { expect, test } from "bun:test";
import { decode, encode, Random } from "../../netlink/codec/index.ts";
import {
  concatenation,
  etherAddr,
  ifaceIndex,
  ifname,
  inetProto,
  inetService,
  ipv4Addr,
  ipv6Addr,
  mark,
} from "../../netlink/netfilter/datatype.ts";
import { netfilterMessages } from "../../netlink/netfilter/messages.ts";

const seed = Number(process.env.FLATNET_SEED ?? 1 + Math.floor(Math.random() * 1e9));
const SAMPLES = 100;

const codecs = new Map([...netfilterMessages.values()].map(({ codec, name }) => [codec, name]));

test.each([...codecs])(`samples (seed ${seed}) of a message`, (codec) => {
  const random = new Random(seed);
  for (let count = 0; count < SAMPLES; count++) {
    const value = codec.sample(random);
    expect(decode(codec, encode(codec, value), "toKernel")).toEqual(value);
  }
});

const key = concatenation(
  ...[ipv4Addr, ipv6Addr, etherAddr, inetProto],
  ...[inetService, mark, ifaceIndex, ifname],
);

test(`samples (seed ${seed}) of a concatenation of every type`, () => {
  const random = new Random(seed);
  for (let count = 0; count < SAMPLES; count++) {
    const value = key.sample(random);
    const written = encode(key, value);
    expect(written.length).toBe(key.size);
    expect(decode(key, written)).toEqual(value);
  }
});
