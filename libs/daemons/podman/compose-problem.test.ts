import { formatProblem } from "@zcloud/map";
import { expect, it } from "vitest";
import { composeProblem } from "./compose-problem.ts";

const text = "services:\n  web:\n    image: a\n    command: { a: 1 }\n    volumes: [x:/x]\n";
const directory = "/srv/stacks/demo/site";

it.each([
  [
    `validating ${directory}/compose.yaml: services.web.command must be a null`,
    "compose.yaml:4:14  services.web.command  docker-compose says: must be a null",
  ],
  [`services.web.volumes.0: bad\n`, "compose.yaml:5:15  services.web.volumes[0]  docker-compose says: bad"],
  [
    'service "web" refers to undefined volume x: invalid compose project',
    'compose.yaml:3:5  services.web  docker-compose says: service "web" refers to undefined volume x',
  ],
  ["something else", "compose.yaml:1:1  docker-compose says: something else"],
  [
    'time="x" level=warning msg="The \\"FOO\\" variable is not set."\nerror while interpolating services.web.image: required variable BAR is missing a value',
    "compose.yaml:3:12  services.web.image  docker-compose says: required variable BAR is missing a value",
  ],
])("%s", (said, shown) => expect(composeProblem(text, said, directory).map(formatProblem)).toEqual([shown]));
