/** Just enough of RFC 1035 for tests: one question for an address, and its answer. */
export function question(id: number, name: string): Buffer {
  const header = Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
}

export interface Question {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  /** Offset behind the question. */
  readonly end: number;
}

export function parseQuestion(message: Buffer): Question {
  const labels: string[] = [];
  let at = 12;
  for (let length = message.readUInt8(at); length > 0; length = message.readUInt8(at)) {
    labels.push(message.subarray(at + 1, at + 1 + length).toString("latin1"));
    at += 1 + length;
  }
  return { id: message.readUInt16BE(0), name: labels.join("."), type: message.readUInt16BE(at + 1), end: at + 5 };
}

/** An authoritative answer: the address, or nothing for other types. */
export function answer(asked: Buffer, address: string): Buffer {
  const { end, type } = parseQuestion(asked);
  const head = Buffer.from(asked.subarray(0, end));
  head.writeUInt16BE(0x8580, 2);
  head.writeUInt16BE(type === 1 ? 1 : 0, 6);
  head.fill(0, 8, 12);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, ...address.split(".").map(Number)]);
  return type === 1 ? Buffer.concat([head, record]) : head;
}

/** `10.64.1.3`, or `rcode 2`. */
export function outcome(message: Buffer): string {
  const rcode = message.readUInt8(3) & 15;
  if (rcode !== 0 || message.readUInt16BE(6) === 0) return `rcode ${rcode}`;
  return [...message.subarray(-4)].join(".");
}
