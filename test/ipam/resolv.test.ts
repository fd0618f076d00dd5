import { expect, test } from "bun:test";
import { readResolvConf } from "../../src/plugins/ipam/host-local/resolv.ts";

test.each<[string, string, object]>([
  [
    "a plain file",
    "nameserver 192.0.2.0\nnameserver 192.0.2.1\n",
    { nameservers: ["192.0.2.0", "192.0.2.1"] },
  ],
  [
    "comments and empty lines",
    "nameserver 192.0.2.0\n;nameserver 192.0.2.1\n#nameserver 192.0.2.2\n\nnameserver 192.0.2.3 # x\n",
    { nameservers: ["192.0.2.0", "192.0.2.3"] },
  ],
  [
    "all keywords, and lists over several lines",
    "domain example.com\nnameserver 192.0.2.2\nsearch  example.net\toffice.example.net\nsearch example.org\n" +
      "options one two three\noptions four\n",
    {
      nameservers: ["192.0.2.2"],
      domain: "example.com",
      search: ["example.net", "office.example.net", "example.org"],
      options: ["one", "two", "three", "four"],
    },
  ],
  ["words without a value, and unknown ones", "nameserver\nsearch \nsortlist 10.0.0.0/8\n", {}],
  ["nothing", "", {}],
])("%s", (_, text, expected) => {
  expect(readResolvConf(text)).toEqual({
    nameservers: [],
    search: [],
    options: [],
    domain: undefined,
    ...expected,
  });
});
