/** Networks that are nobody's on the public internet (RFC 6890 and its successors), as first address and length. */
const special: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
];

/** Whether none of these IPv4 addresses belongs to the public internet. */
export function allSpecial(addresses: readonly string[]): boolean {
  return addresses.every((address) =>
    special.some(([first, length]) => prefix(address, length) === prefix(first, length)),
  );
}

function prefix(address: string, length: number): number {
  const value = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return Math.floor(value / 2 ** (32 - length));
}
