import * as z from "zod";
import { command } from "../spec.ts";
export const routes = command(z.strictObject({}), {
  name: "routes",
  summary: "which name is served by what, at both sites",
  examples: [{ line: "zctl routes", about: "all names" }],
  run: async () => "ok",
});
