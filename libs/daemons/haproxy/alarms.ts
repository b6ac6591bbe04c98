import { createSocket } from "node:dgram";

/** `Server e12/web-1 is DOWN, reason: ...`, of level alert; `backend e12 has no server available!`, of level emerg. */
const alarm = /(?:Server |backend )e(\d+)(?:\/\S+ is DOWN| has no server available)/;

/** Slot of which a message of HAProxy tells that a server went down; undefined: it tells something else. */
export function slotOfAlarm(message: string): number | undefined {
  const slot = alarm.exec(message)?.[1];
  return slot === undefined ? undefined : Number(slot);
}

/** Alarms come in bunches; milliseconds. */
const bunch = 100;

/**
 * Tells the slots whose servers went down. It only makes things faster: if the port is taken, nobody is told. Returns how
 * to stop.
 */
export function listenForAlarms(port: number, heard: (slots: ReadonlySet<number>) => void): () => void {
  let slots = new Set<number>();
  let timer: NodeJS.Timeout | undefined;
  const socket = createSocket("udp4");
  socket.on("error", () => undefined);
  socket.on("message", (message) => {
    const slot = slotOfAlarm(message.toString("latin1"));
    if (slot === undefined) return;
    slots.add(slot);
    timer ??= setTimeout(() => {
      timer = undefined;
      const all = slots;
      slots = new Set();
      heard(all);
    }, bunch);
  });
  socket.bind(port, "127.0.0.1");
  return () => {
    clearTimeout(timer);
    socket.close();
  };
}
