/** Who a file belongs to. -1 leaves it as it is (chown(2)). */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Reads `user`, `user:group` or numbers, by the texts of passwd(5) and group(5). Throws for a name that isn't there. */
export function parseOwner(text: string, passwd: string, group: string): Owner {
  const [user = "", groupName] = text.split(":");
  return {
    uid: user === "" ? -1 : lookUp("user", user, passwd),
    gid: groupName === undefined || groupName === "" ? -1 : lookUp("group", groupName, group),
  };
}

/** `user:group` of these ids; a number where nobody has it. */
export function ownerName(uid: number, gid: number, passwd: string, group: string): string {
  return `${nameOf(uid, passwd)}:${nameOf(gid, group)}`;
}

function nameOf(wanted: number, table: string): string {
  for (const line of table.split("\n")) {
    const [name = "", , id] = line.split(":");
    if (id === String(wanted)) return name;
  }
  return String(wanted);
}

function lookUp(kind: "user" | "group", name: string, table: string): number {
  if (/^\d+$/.test(name)) return Number(name);
  for (const line of table.split("\n")) {
    const [entry, , id] = line.split(":");
    if (entry === name && id !== undefined) return Number(id);
  }
  throw new Error(`there is no ${kind} ${name} here; is the package that makes it installed?`);
}
