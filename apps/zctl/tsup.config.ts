import { bundle } from "../../tools/build/bundle.ts";

export default bundle("zctl");
